import { findRelease, hostOfAddress, knownReleases } from '@gpreg/core'
import { decodeText, isRecord } from '@gpreg/oci/engine'
import { parse, stringify } from 'yaml'
import { addedHosts, madeFields, type KotsOptions } from '../../kots/made-config.ts'
import { parseSecrets, type KubernetesSecret } from '../../secrets/kubernetes-secret.ts'
import { checkConfig, type CheckOptions } from '../check.ts'
import { checkResult, type CheckResult, type Finding } from '../finding.ts'
import { secretFaults } from './secrets.ts'
import { formatPath, valueAt, type Path } from '../path.ts'
import { RULES, type RuleCode } from '../rules.ts'
import { YamlSource } from '../yaml/source.ts'

/**
 * Checks a file as what it is: a `gitpod.config.yaml`; ConfigValues of KOTS, by the configuration that they make; Kubernetes
 * Secrets, by their type and keys.
 * @throws `release-unknown`
 */
export function checkFile(file: string | Uint8Array, options: CheckOptions): CheckResult {
  const text = typeof file === 'string' ? file : decodeText(file)
  const secrets = parseSecrets(text)
  if (secrets !== undefined) return checkSecrets(text, secrets, options)
  const source = new YamlSource(text)
  return valueAt(source.data, ['kind']) === 'ConfigValues'
    ? checkConfigValues(source, options)
    : checkConfig(file, options)
}

function checkSecrets(
  text: string,
  secrets: readonly KubernetesSecret[],
  options: CheckOptions,
): CheckResult {
  const source = new YamlSource(text)
  const findings = secrets.flatMap(secret =>
    secretFaults(secret).map(({ code, key, message, hint }) => {
      if (secrets.length > 1)
        return finding(source, code, [], `${secret.name || 'a Secret without a name'}: ${message}`, hint)
      const isPlain = key !== undefined && valueAt(source.data, ['stringData', key]) !== undefined
      const path = key === undefined ? ['type'] : [isPlain ? 'stringData' : 'data', key]
      return finding(source, code, path, message, hint)
    }),
  )
  return checkResult(options.path, nameOf(options), findings)
}

function checkConfigValues(source: YamlSource, options: CheckOptions): CheckResult {
  if (source.errors.length > 0)
    return checkResult(
      options.path,
      nameOf(options),
      source.errors.map(({ code, message, path }) => finding(source, code, path, message, 'mend the YAML')),
    )
  const given = Object.entries((valueAt(source.data, ['spec', 'values']) ?? {}) as object)
  const faults = given.flatMap(([name, option]) => valueFaults(source, name, option))
  const values: KotsOptions = new Map(
    given.flatMap(([name, option]) => {
      const { value = option, default: standard } = (option ?? {}) as Record<string, unknown>
      const text = value === '' || value === undefined ? standard : value
      return typeof text === 'string' ? [[name, text] as const] : []
    }),
  )
  const fields = madeFields(values, nameOf(options))
  const made: Record<string, unknown> = {}
  for (const { path, value } of fields) assign(made, path, value)
  const patch = /^(?:1|true)$/.test(values.get('advanced_mode_enabled') ?? '')
    ? values.get('config_patch')
    : ''
  merge(made, decoded(patch))
  const config = checkConfig(stringify(made), options)
  const findings = config.findings.flatMap(({ code, message, hint, path }) => {
    const from = fields.find(field => path.startsWith(field.path.join('.')))
    const option = from?.option ?? (patch && path !== 'domain' ? 'config_patch' : 'domain')
    // KOTS asks for an option that has no value, and a template gets its values later.
    if (isTemplate(values.get(option)) || (code === 'required' && !values.has(option))) return []
    if (isDoneByKots(code, values, made)) return []
    const fix = code === 'facade-credentials' ? ADD_LOGIN : hint
    return [finding(source, code, ['spec', 'values', option, 'value'], `${path}: ${message}`, fix)]
  })
  return checkResult(options.path, config.release, [...faults, ...findings])
}

const ADD_LOGIN =
  'give KOTS the login of the mirror in reg_docker_config, and set reg_docker_config_enable to "1": it adds the login after each render'

/** Whether a step that the installer leaves to its user is one that KOTS takes: it renders `experimental`, and adds logins. */
function isDoneByKots(code: string, values: KotsOptions, { repository }: Record<string, unknown>): boolean {
  if (code === 'experimental-ignored') return true
  if (code !== 'facade-credentials' || typeof repository !== 'string') return false
  return isTemplate(values.get('reg_docker_config')) || addedHosts(values).includes(hostOfAddress(repository))
}

const FILES =
  /^(?:reg_docker_config|db_gcp_credentials|store_gcp_credentials|tls_crt|tls_key|tls_ca_crt|customization_patch|config_patch)$/

function valueFaults(source: YamlSource, name: string, option: unknown): Finding[] {
  const value = valueAt(option, ['value'])
  const path = ['spec', 'values', name, 'value']
  if (value !== undefined && value !== null && typeof value !== 'string')
    return [finding(source, 'kots-value', path, 'KOTS takes a text here', 'put the value in quotes')]
  if (typeof value !== 'string' || isTemplate(value) || !FILES.test(name)) return []
  const isBase64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value) && value.replace(/\s/g, '').length % 4 === 0
  return isBase64
    ? []
    : [
        finding(
          source,
          'kots-value',
          path,
          'this option is a file, which KOTS takes in base64',
          'write base64 -w0 of it',
        ),
      ]
}

function isTemplate(value = ''): boolean {
  return /\$\{\w+\}|\{\{.*\}\}/.test(value)
}

function finding(source: YamlSource, code: RuleCode, path: Path, message: string, hint: string): Finding {
  return { level: RULES[code].level, code, path: formatPath(path), ...source.position(path), message, hint }
}

function nameOf({ release }: CheckOptions): string {
  return findRelease(release ?? knownReleases().at(-1)!).release.name
}

function decoded(patch = ''): unknown {
  try {
    return parse(Buffer.from(patch, 'base64').toString('utf8'))
  } catch {
    return undefined
  }
}

function assign(
  target: Record<string, unknown>,
  [key = '', ...rest]: readonly string[],
  value: unknown,
): void {
  if (rest.length === 0) target[key] = value
  else assign((target[key] ??= {}) as Record<string, unknown>, rest, value)
}

/** Puts a patch over a configuration, as the installer does: maps are joined, lists and values replaced. */
function merge(target: Record<string, unknown>, patch: unknown): void {
  if (!isRecord(patch)) return
  for (const [key, value] of Object.entries(patch)) {
    const there = target[key]
    if (isRecord(there) && isRecord(value)) merge(there, value)
    else target[key] = value
  }
}

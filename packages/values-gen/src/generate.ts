import { findRelease, knownReleases } from '@gpreg/core'
import { GpregError, type Sensitive } from '@gpreg/oci'
import { baseWarnings, withBase } from './config/base.ts'
import { changeConfig, writeConfig } from './config/document.ts'
import { configFields } from './config/fields.ts'
import { fieldsForRelease } from './config/release.ts'
import { envVariables, formatEnv } from './env/envvars.ts'
import type { Choice, SecretRole } from './installation/choice.ts'
import { planInstallation, type Installation } from './installation/installation.ts'
import { KOTS_SECRETS, kotsConfigValues } from './kots/config-values.ts'
import { secretManifests, type SecretSet } from './secrets/manifests.ts'
import type { SecretValues } from './secrets/values.ts'
import { wantedSecrets } from './secrets/wanted-secrets.ts'

/** `gitpod.config.yaml`, ConfigValues of KOTS, or variables for the installer's `config build-from-envvars`. */
export type ValuesFormat = 'installer' | 'kots' | 'env'

export interface ValuesRequest {
  readonly choice: Choice
  readonly values: SecretValues
  readonly format: ValuesFormat
  /** such as `2022.11.3`; default: the newest */
  readonly release?: string
  /** An existing configuration to change, for the format `installer`. */
  readonly base?: { readonly path: string; readonly text: string }
  /** the namespace of the Secrets */
  readonly namespace?: string
}

export interface GeneratedValues {
  readonly installation: Installation
  /** `Sensitive` for the format `kots`, because ConfigValues hold secrets. */
  readonly text: string | Sensitive
  readonly secrets: SecretSet
  readonly warnings: readonly string[]
}

/** @throws `usage` if the choice or the format cannot work, `input-invalid` if the base is no configuration */
export function generateValues(asked: ValuesRequest): GeneratedValues {
  const request = withDefaultsOfBase(asked)
  const installation = planInstallation(request.choice)
  const secrets = secretsFor(request, installation)
  return {
    installation,
    text: format(request, installation),
    secrets,
    warnings: [
      ...baseWarnings(asked.choice, request.choice),
      ...installation.warnings,
      ...secrets.warnings,
      ...idleNames(asked, installation),
    ],
  }
}

function withDefaultsOfBase(request: ValuesRequest): ValuesRequest {
  const { base, choice, format, release } = request
  if (base === undefined) return request
  if (format !== 'installer') throw otherFormat(base.path, format)
  return { ...request, choice: withBase(choice, base.text, nameOf(release)) }
}

/** ConfigValues hold secrets, and a diff against another kind of file would print them. */
function otherFormat(base: string, format: ValuesFormat): GpregError {
  return new GpregError(
    'usage',
    `--base ${base} is a gitpod.config.yaml, and --format ${format} writes none`,
    {
      hint: `leave --format ${format} out, or --base and --diff`,
    },
  )
}

function nameOf(release: string | undefined): string {
  return findRelease(release ?? knownReleases().at(-1)!).release.name
}

function secretsFor({ values, namespace, format }: ValuesRequest, installation: Installation): SecretSet {
  const secrets = secretManifests(installation, values, namespace === undefined ? {} : { namespace })
  if (format !== 'kots') return secrets
  const ours = ({ role }: { readonly role: SecretRole }) => !KOTS_SECRETS.includes(role)
  return { ...secrets, manifests: secrets.manifests.filter(ours) }
}

/** Warns of names for Secrets that nothing reads. */
function idleNames({ choice, values, format }: ValuesRequest, installation: Installation): string[] {
  const wanted = wantedSecrets(installation, values).map(({ role }) => role)
  const why = (role: SecretRole) => {
    if (!wanted.includes(role)) return 'the configuration names no such Secret'
    return format === 'kots' && KOTS_SECRETS.includes(role)
      ? 'KOTS makes this Secret and names it'
      : undefined
  }
  return (Object.keys(choice.secretNames ?? {}) as SecretRole[]).flatMap(role => {
    const reason = why(role)
    return reason === undefined ? [] : [`--secret-name ${role}=… has no effect: ${reason}`]
  })
}

function format(request: ValuesRequest, installation: Installation): string | Sensitive {
  switch (request.format) {
    case 'installer':
      return installerConfig(request, installation)
    case 'kots':
      return kotsConfigValues(installation, request.values, request.release)
    case 'env':
      assertBuildsFromEnv(request.release)
      return formatEnv(envVariables(installation))
  }
}

/** The first release whose installer has `config build-from-envvars`. */
const ENV_SINCE = '2022.09'

function assertBuildsFromEnv(release: string | undefined): void {
  const name = nameOf(release)
  if (name >= ENV_SINCE) return
  throw new GpregError(
    'usage',
    `--format env: the installer of ${name} builds no configuration from variables`,
    {
      hint: `use --format installer, or a release from ${ENV_SINCE} on`,
    },
  )
}

function installerConfig({ base, release }: ValuesRequest, installation: Installation): string {
  const newest = configFields(installation)
  const fields = release === undefined ? newest : fieldsForRelease(newest, release)
  return base === undefined ? writeConfig(fields) : changeConfig(base.text, base.path, fields, release)
}

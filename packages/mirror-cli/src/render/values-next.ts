import { addressOf } from '@gpreg/core'
import type { GeneratedValues } from '@gpreg/values-gen'
import type { ValuesFlags } from '../flags/values.ts'
import type { SecretFile } from '../values/secret-files.ts'
import { quote } from './text/shell.ts'

/** The namespace that Gitpod's own documents use. */
const NAMESPACE = 'gitpod'
const CONFIG = 'gitpod.config.yaml'

/** The commands that follow `gpreg values KIND`, ready for a shell, in their order. */
export function nextSteps(
  generated: GeneratedValues,
  flags: ValuesFlags,
  secrets: readonly SecretFile[],
): string[] {
  return [...secretSteps(generated, flags, secrets), ...STEPS[flags.format](generated, flags)]
}

function secretSteps(
  { secrets: { manifests, missing } }: GeneratedValues,
  flags: ValuesFlags,
  written: readonly SecretFile[],
): string[] {
  if (flags.secrets === undefined)
    return manifests.length + missing.length > 0 && (flags.format !== 'kots' || manifests.length > 0)
      ? ['the same command with --secrets DIR writes the Kubernetes Secrets that this names']
      : []
  return written.length > 0 ? [`kubectl apply -n ${namespaceOf(flags)} -f ${quote(flags.secrets)}`] : []
}

const STEPS: Readonly<
  Record<ValuesFlags['format'], (generated: GeneratedValues, flags: ValuesFlags) => string[]>
> = {
  installer(generated, flags) {
    const file = fileOf(flags, CONFIG)
    const check = `gpreg values check ${quote(file)}${releaseOf(flags)}`
    return [...(isFile(flags) ? [check] : []), ...patchStep(generated, flags, file)]
  },
  /**
   * KOTS itself makes the configuration, renders and applies it, and adds the mirror to builtin-registry-auth. The last command is
   * for an installation that is there already.
   */
  kots(_, flags) {
    if (!isFile(flags)) return []
    const file = quote(fileOf(flags, ''))
    return [
      `gpreg values check ${file}${releaseOf(flags)}`,
      `kubectl kots install gitpod -n ${namespaceOf(flags)} --config-values ${file}`,
      `kubectl kots set config gitpod -n ${namespaceOf(flags)} --config-file ${file} --merge`,
    ]
  },
  /** `config build-from-envvars` changes the configuration that `init` wrote. */
  env(generated, flags) {
    if (!isFile(flags)) return []
    const file = fileOf(flags, '')
    // A shell looks for a name without a slash in PATH.
    const path = quote(file.includes('/') ? file : `./${file}`)
    return [
      `gitpod-installer init > ${CONFIG}`,
      `(set -a; . ${path}; GITPOD_INSTALLER_CONFIG=${CONFIG} gitpod-installer config build-from-envvars)`,
      `gpreg values check ${CONFIG}${releaseOf(flags)}`,
      ...patchStep(generated, flags, CONFIG),
    ]
  },
}

function patchStep({ installation }: GeneratedValues, flags: ValuesFlags, config: string): string[] {
  const mirror = addressOf(installation.registries.components)
  if (mirror === undefined || installation.registries['workspace-images'].kind !== 'in-cluster') return []
  const given = flags['mirror-credentials']
  const credentials = given === undefined || given === '-' ? 'FILE' : quote(given)
  // The installer renders for the namespace `default` unless another one is named.
  return [
    `gitpod-installer render -c ${quote(config)} -n ${namespaceOf(flags)} | gpreg values patch - --mirror ${mirror} --mirror-credentials ${credentials} -o rendered.yaml`,
  ]
}

function namespaceOf({ namespace = NAMESPACE }: ValuesFlags): string {
  return namespace
}

function releaseOf({ release }: ValuesFlags): string {
  return release === undefined ? '' : ` --release ${quote(release)}`
}

function isFile({ output }: ValuesFlags): boolean {
  return output !== undefined && output !== '-'
}

function fileOf(flags: ValuesFlags, standard: string): string {
  return isFile(flags) ? flags.output! : standard
}

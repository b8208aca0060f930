import type { GeneratedValues, MissingSecret } from '@gpreg/values-gen'
import type { ValuesFlags } from '../flags/values.ts'
import type { SecretFile } from '../values/secret-files.ts'
import { nextSteps } from './values-next.ts'

/** The answer of `gpreg values KIND --json`. It contains text with secrets only if `-o -` was given. */
export interface ValuesDocument {
  readonly kind: 'Values'
  readonly version: 1
  readonly format: ValuesFlags['format']
  /** the file that the configuration was written to */
  readonly file?: string
  /** the configuration or the diff; absent if it was written to a file */
  readonly text?: string
  readonly secrets: readonly SecretFile[]
  readonly missing: readonly MissingSecret[]
  readonly warnings: readonly string[]
  /** commands that follow */
  readonly next: readonly string[]
}

export function valuesDocument(
  generated: GeneratedValues,
  flags: ValuesFlags,
  text: string,
  secrets: readonly SecretFile[],
): ValuesDocument {
  const file = flags.output === undefined || flags.output === '-' ? undefined : flags.output
  return {
    kind: 'Values',
    version: 1,
    format: flags.format,
    ...(file === undefined ? {} : { file }),
    ...(text === '' ? {} : { text }),
    secrets,
    missing: generated.secrets.missing,
    warnings: generated.warnings,
    next: nextSteps(generated, flags, secrets),
  }
}

/** Notes and warnings for the user. */
export function renderValuesNotes({ file, secrets, missing, warnings, next }: ValuesDocument): string {
  return [
    ...(file === undefined ? [] : [`written: ${file}`]),
    ...secrets.map(secret => `written: ${secret.file}`),
    ...missing.map(({ name, why, flag }) => `missing: no Secret ${name} without ${flag}: ${why}`),
    ...warnings.map(warning => `warning: ${warning}`),
    ...next.map(command => `next:    ${command}`),
  ].join('\n')
}

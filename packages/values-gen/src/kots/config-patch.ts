import { configFields, type Field } from '../config/fields.ts'
import type { Installation } from '../installation/installation.ts'

/** The fields that another form of the configuration has no words for; the installer puts them over all else. */
export function configPatch(installation: Installation, paths: readonly string[]): Field[] {
  return configFields(installation).filter(({ path }) => paths.includes(path.join('.')))
}

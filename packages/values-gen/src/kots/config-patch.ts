import { configFields, type Field } from '../config/fields.ts'
import type { Installation } from '../installation/installation.ts'

/** The fields at these paths, for a format (KOTS or variables) that has no option for them. The installer applies the patch last. */
export function configPatch(installation: Installation, paths: readonly string[]): Field[] {
  return configFields(installation).filter(({ path }) => paths.includes(path.join('.')))
}

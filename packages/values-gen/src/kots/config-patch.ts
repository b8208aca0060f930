import { configFields, type Field } from '../config/fields.ts'
import { fieldsForRelease } from '../config/release.ts'
import type { Installation } from '../installation/installation.ts'

/**
 * The fields at these paths, for a format (KOTS or variables) that has no option for them. The installer applies the patch last.
 * @param release such as `2022.05.2`: each field stands where the release reads it; default: the newest
 */
export function configPatch(installation: Installation, paths: readonly string[], release?: string): Field[] {
  const fields = configFields(installation).filter(({ path }) => paths.includes(path.join('.')))
  return release === undefined ? fields : fieldsForRelease(fields, release)
}

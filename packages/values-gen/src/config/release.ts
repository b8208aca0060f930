import { findRelease, placesOf } from '@gpreg/core'
import type { Field } from './fields.ts'

const IGNORED = 'The installer renders this only with --use-experimental-config.'

/**
 * Puts each field at the path that the installer of a release reads.
 * @throws `release-unknown`
 */
export function fieldsForRelease(fields: readonly Field[], release: string): Field[] {
  const { name } = findRelease(release).release
  return fields.map(field => {
    const path = field.path.join('.')
    const [place = path] = placesOf(path, name)
    return place === path
      ? field
      : {
          ...field,
          path: place.split('.') as unknown as Field['path'],
          comment: IGNORED,
          known: 'experimental-ignored',
        }
  })
}

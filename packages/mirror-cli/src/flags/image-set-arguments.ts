import { quote } from '../render/text/shell.ts'
import { imageSetFlags, type ImageSetFlags } from './image-set.ts'

/** The flags that name the image set, as typed in a shell; undefined if there are none. */
export function imageSetArguments(flags: Partial<ImageSetFlags>): string | undefined {
  const names = Object.keys(imageSetFlags) as (keyof typeof imageSetFlags)[]
  const given = names.flatMap(name => [flags[name] ?? []].flat().map(value => `--${name} ${quote(value)}`))
  return given.length === 0 ? undefined : given.join(' ')
}

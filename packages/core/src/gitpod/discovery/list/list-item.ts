import type { Purpose } from '../../image-set.ts'
import type { JoinedName } from '../walk/split-name.ts'

/** What a reader of a list says about one entry: an image, or a remark. */
export type ListItem = ListedImage | Remark

/** An image as a list writes it. */
export interface ListedImage {
  /** The name as written, perhaps with a transport such as `docker://`. */
  readonly name: string
  /** The name in the mirror, if the list gives one. */
  readonly target?: string
  /** Only gpreg's own lists tell the purpose. */
  readonly purpose?: Purpose
  /** from 1 */
  readonly line: number
  /** from 1; only if the line has several images */
  readonly column?: number
}

/** Says that an entry is not read, or how it is read where it could mean something else. */
export interface Remark {
  /** a sentence without a full stop */
  readonly remark: string
  readonly line: number
}

export function isRemark(item: ListItem): item is Remark {
  return 'remark' in item
}

/** `SOURCE=TARGET` or a single name. No reference contains `=`. */
export function splitPair(text: string): Pick<ListedImage, 'name' | 'target'> {
  const at = text.indexOf('=')
  return at < 0 ? { name: text } : { name: text.slice(0, at), target: text.slice(at + 1) }
}

/** True if a name has a tag or digest. */
export function isWhole(name: string): boolean {
  return /[:@][^/]*$/.test(name)
}

/** A name that was put together from several places, and what is unsure of it. */
export function* joinedItems(
  { text, unsure }: JoinedName,
  line: number,
  rest: Pick<ListedImage, 'target' | 'purpose'> = {},
): Generator<ListItem> {
  if (unsure !== undefined)
    yield {
      remark: `${text === undefined ? 'an image is left out, because' : `${text} counts, but`} ${unsure}`,
      line,
    }
  if (text !== undefined) yield { name: text, ...rest, line }
}

/** What is said of the ID of an image where a name should be. */
export function withoutName(id: string): string {
  return `${id} is a digest without a name`
}

import { GpregError, type Reference } from '@gpreg/oci'
import type { Context } from '../../../context.ts'
import { place, referenceAt } from '../../../input.ts'
import { withoutByteOrderMarks } from '../byte-order-marks.ts'
import { purposeOf, type FoundImage } from '../found-image.ts'
import { isImageId } from '../walk/image-name.ts'
import { isRemark, withoutName, type ListedImage, type ListItem } from './list-item.ts'
import { withoutTransport } from './transport.ts'
import { isTable, readTable } from './table-list.ts'
import { assertReadableText, isDocument, readTextList } from './text-list.ts'

/**
 * Reads a list of images in any of the formats that docs/image-lists.md names. An entry that is not read is a warning with its line.
 * @throws `input-invalid` if the text is no list of images, saying what it is; `reference-invalid`; both name the line
 */
export async function parseImageList(text: string, path: string, context: Context): Promise<FoundImage[]> {
  assertReadableText(text, path)
  const images: FoundImage[] = []
  for (const item of await readItems(withoutByteOrderMarks(text), path)) {
    if (isRemark(item)) warn(item.remark, item.line)
    else if (isImageId(item.name)) warn(withoutName(item.name), item.line)
    else if (isPlaceholder(item.name))
      warn(`${item.name} has a placeholder; name the image with --image`, item.line)
    else images.push(foundImage(item, path, warn))
  }
  if (images.length === 0) warn('this list names no image')
  return images

  function warn(why: string, line?: number): void {
    const message = `${place(path, line)}: ${why}`
    context.emit({ type: 'warning', code: 'image-skipped', message, subject: { path } })
  }
}

/** The reader of YAML and JSON is loaded only for such lists, because it takes long to load. */
async function readItems(text: string, path: string): Promise<Iterable<ListItem>> {
  if (!isDocument(text)) return isTable(text) ? readTable(text) : readTextList(text)
  const { readDocuments } = await import('./documents/document-list.ts')
  return readDocuments(text, path)
}

/** Templates of Helm, KOTS and zarf, shell variables, and the word that Docker prints for "no name". */
function isPlaceholder(name: string): boolean {
  return /\$|\{\{|###|<[^>]*>/.test(name)
}

type Warn = (why: string, line: number) => void

function foundImage(
  { name, target, purpose, line, column }: ListedImage,
  path: string,
  warn: Warn,
): FoundImage {
  const source = listedReference(name, path, line)
  const named = target === undefined ? undefined : targetReference(target, path, line, warn)
  return {
    source,
    ...(named === undefined ? {} : { target: named }),
    purpose: purpose ?? purposeOf(source),
    origins: [`images:${path}:${line}${column === undefined ? '' : `:${column}`}`],
  }
}

function listedReference(name: string, path: string, line: number): Reference {
  const { text, refused } = withoutTransport(name)
  if (refused !== undefined)
    throw new GpregError(
      'reference-invalid',
      `${place(path, line)}: ${JSON.stringify(name)} is ${refused}, not an image in a registry`,
      {
        path,
        reference: name,
        hint: 'push the image to a registry, and name it there',
      },
    )
  return referenceAt(text, path, line)
}

/** A mapping may name files as targets (`file://…`). Such an image has no target. */
function targetReference(target: string, path: string, line: number, warn: Warn): Reference | undefined {
  const { text, refused } = isPlaceholder(target)
    ? { text: target, refused: 'a name with a placeholder' }
    : withoutTransport(target)
  if (refused === undefined && text !== '') return referenceAt(text, path, line)
  if (refused !== undefined) warn(`the target ${target} is ${refused} and does not count`, line)
  return undefined
}

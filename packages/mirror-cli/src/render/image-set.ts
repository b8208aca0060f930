import { formatImageList, type Context, type ImageSet } from '@gpreg/core'
import { formatReference } from '@gpreg/oci'
import { renderTable } from './text/table.ts'

export const IMAGE_SET_FORMATS = ['table', 'installer', 'hauler', 'skopeo-sync', 'text', 'json'] as const
export type ImageSetFormat = (typeof IMAGE_SET_FORMATS)[number]

/** An image set as `gpreg images --json` prints it. */
export function imageSetDocument({ images, excluded }: ImageSet) {
  return {
    kind: 'ImageSet',
    version: 1,
    images: images.map(({ source, target, purpose, origins, locked }) => ({
      source: formatReference(source),
      ...(target === undefined ? {} : { target: formatReference(target) }),
      purpose,
      origins,
      ...(locked === undefined ? {} : { digest: locked.digest }),
    })),
    ...(excluded.length === 0
      ? {}
      : { excluded: excluded.map(({ source, pattern }) => ({ source: formatReference(source), pattern })) }),
  } as const
}

export async function renderImageSet(
  set: ImageSet,
  format: ImageSetFormat,
  context: Pick<Context, 'emit'>,
  { why = false }: { why?: boolean } = {},
): Promise<string> {
  switch (format) {
    case 'installer':
    case 'hauler':
    case 'skopeo-sync':
      return (await formatImageList(set, format, context)).trimEnd()
    case 'json':
      return JSON.stringify(imageSetDocument(set), undefined, 2)
    case 'text':
      return [...new Set(set.images.map(({ source }) => formatReference(source)))].join('\n')
    case 'table':
      return renderImageTable(set, why)
  }
}

/** One line for each image that was left out. */
export function renderExcluded({ excluded }: Pick<ImageSet, 'excluded'>): string[] {
  return excluded.map(({ source, pattern }) => `left out by ${pattern}: ${formatReference(source)}`)
}

function renderImageTable({ images }: ImageSet, why: boolean): string {
  const targets = images.some(({ target }) => target !== undefined)
  const column = <T>(shown: boolean, cell: T): T[] => (shown ? [cell] : [])
  return renderTable(
    ['SOURCE', ...column(targets, 'TARGET'), 'PURPOSE', ...column(why, 'WHY')],
    images.map(({ source, target, purpose, origins }) => [
      formatReference(source),
      ...column(targets, target === undefined ? '-' : formatReference(target)),
      purpose,
      ...column(why, origins.join(' ')),
    ]),
  )
}

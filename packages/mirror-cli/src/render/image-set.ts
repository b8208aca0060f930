import { formatImageList, type Context, type ImageSet, type RewrittenRepository } from '@gpreg/core'
import { formatReference } from '@gpreg/oci'
import { renderRewrites, renderRewritten, rewriteDocuments } from './rewrites.ts'
import { renderTable } from './text/table.ts'

export const IMAGE_SET_FORMATS = ['table', 'installer', 'hauler', 'skopeo-sync', 'text', 'json'] as const
export type ImageSetFormat = (typeof IMAGE_SET_FORMATS)[number]

/** An image set as `gpreg images --json` prints it. */
export function imageSetDocument(
  { images, excluded, rewrites }: ImageSet,
  rewritten?: readonly RewrittenRepository[],
) {
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
    ...(rewrites === undefined ? {} : { rewrites: rewriteDocuments(rewrites) }),
    ...(rewritten === undefined ? {} : { rewritten }),
  } as const
}

interface RenderOptions {
  /** with a column of origins */
  readonly why?: boolean
  /** what `--rewrite` did */
  readonly rewritten?: readonly RewrittenRepository[] | undefined
}

export async function renderImageSet(
  set: ImageSet,
  format: ImageSetFormat,
  context: Pick<Context, 'emit'>,
  { why = false, rewritten }: RenderOptions = {},
): Promise<string> {
  switch (format) {
    case 'installer':
    case 'hauler':
    case 'skopeo-sync':
      return (await formatImageList(set, format, context)).trimEnd()
    case 'json':
      return JSON.stringify(imageSetDocument(set, rewritten), undefined, 2)
    case 'text':
      return [...new Set(set.images.map(({ source }) => formatReference(source)))].join('\n')
    case 'table':
      return [
        renderImageTable(set, why),
        renderRewrites(set.rewrites ?? []),
        renderRewritten(rewritten ?? []),
      ]
        .filter(part => part !== '')
        .join('\n\n')
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

import type { ReportedImage } from '@gpreg/core'
import { compareText } from '@gpreg/oci/engine'
import { nameOf } from './words.ts'

/** An image in the picture of who shares what. Names of one digest are one image. */
export interface SharingImage {
  readonly name: string
  /** bytes of blobs that no other image has */
  readonly own: number
  /** bytes of blobs that other images have, too */
  readonly shared: number
}

export interface SharedBlob {
  readonly digest: string
  readonly size: number
  /** at least two */
  readonly images: readonly SharingImage[]
  /** bytes that need not be stored because images share the blob */
  readonly saved: number
}

export interface Sharing {
  /** largest first */
  readonly images: readonly SharingImage[]
  /** the blob that saves most first */
  readonly blobs: readonly SharedBlob[]
  /** bytes of all images, and of each blob once */
  readonly alone: number
  readonly together: number
}

/** Finds out which images share blobs. Images whose blobs no document tells are left out. */
export function findSharing(images: readonly ReportedImage[]): Sharing {
  const known = images.filter(({ blobs }) => blobs.length > 0)
  const distinct = [
    ...new Map(known.toReversed().map(image => [image.digest ?? nameOf(image), image])).values(),
  ]
  const users = new Map<string, { readonly size: number; readonly by: ReportedImage[] }>()
  for (const image of distinct)
    for (const { digest, size } of image.blobs) {
      const known = users.get(digest)
      if (known === undefined) users.set(digest, { size, by: [image] })
      else known.by.push(image)
    }
  const measured = new Map(
    distinct.map(image => {
      const measure = (isShared: boolean) =>
        sum(image.blobs.filter(({ digest }) => (users.get(digest)?.by.length ?? 0) > 1 === isShared))
      return [image, { name: shortName(nameOf(image)), own: measure(false), shared: measure(true) }]
    }),
  )
  const blobs = [...users].flatMap(([digest, { size, by }]) =>
    by.length < 2
      ? []
      : [
          {
            digest,
            size,
            images: by.flatMap(image => measured.get(image) ?? []),
            saved: size * (by.length - 1),
          },
        ],
  )
  const together = sum([...users.values()])
  return {
    images: [...measured.values()].toSorted((a, b) => total(b) - total(a) || compareText(a.name, b.name)),
    blobs: blobs.toSorted((a, b) => b.saved - a.saved || compareText(a.digest, b.digest)),
    alone: together + blobs.reduce((all, { saved }) => all + saved, 0),
    together,
  }
}

export function total({ own, shared }: SharingImage): number {
  return own + shared
}

/** The last two parts of a name, which are enough to tell images apart in a picture. */
function shortName(name: string): string {
  return name.split('/').slice(1).slice(-2).join('/') || name
}

function sum(blobs: readonly { readonly size: number }[]): number {
  return blobs.reduce((all, { size }) => all + size, 0)
}

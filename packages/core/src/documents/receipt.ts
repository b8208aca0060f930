import { z } from 'zod'
import { by, defineDocument, digestShape, documentShape, formatDocument } from './document.ts'
import { heldBlobShape, type HeldBlob } from './lock.ts'
import type { Digest } from '@gpreg/oci'

/** The content of a target as it was found there: the base of the next differential bundle. */
export interface Receipt {
  readonly kind: 'Receipt'
  readonly version: 1
  /** ISO 8601 */
  readonly created: string
  /** `host[:port]/prefix` */
  readonly target: string
  /** complete images, by their names below the prefix */
  readonly images: readonly { readonly path: string; readonly digest: Digest }[]
  readonly blobs: readonly HeldBlob[]
}

const VERSION = 1

const shape = documentShape('Receipt', VERSION, {
  created: z.iso.datetime(),
  target: z.string(),
  images: z.array(
    z.object({
      path: z.string(),
      digest: digestShape,
    }),
  ),
  blobs: z.array(heldBlobShape),
})

const reader = defineDocument({
  noun: 'a receipt',
  version: VERSION,
  shape,
  hint: 'write one with gpreg verify --receipt or gpreg bundle load --receipt',
})

/** @throws `input-invalid` */
export const parseReceipt: (text: string, path: string) => Receipt = reader.parse

export function heldBlob(digest: Digest, size: number, repository: string, bundle?: string): HeldBlob {
  return { digest, size, repository, ...(bundle === undefined ? {} : { bundle }) }
}

/** The text of a receipt. Images and blobs are sorted, so that receipts with the same content are the same text. */
export function formatReceipt({ created, target, images, blobs }: Receipt): string {
  const ordered: Receipt = {
    kind: 'Receipt',
    version: VERSION,
    created,
    target,
    images: images.toSorted(by(image => image.path)),
    blobs: blobs.toSorted(by(blob => blob.digest)),
  }
  return formatDocument(ordered)
}

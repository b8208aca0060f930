import { z } from 'zod'
import { by, heldBlobShape, type HeldBlob } from './lock.ts'
import { invalidInput } from '../input.ts'
import { isDigest, type Digest } from '@gpreg/oci/model/digest'

/** What a target holds, as it was found there: the base of the next differential bundle. */
export interface Receipt {
  readonly kind: 'Receipt'
  readonly version: 1
  /** ISO 8601 */
  readonly created: string
  /** `host[:port]/prefix` */
  readonly target: string
  /** images that are whole, by their names below the prefix */
  readonly images: readonly { readonly path: string; readonly digest: Digest }[]
  readonly blobs: readonly HeldBlob[]
}

const VERSION = 1

const document = z.object({
  kind: z.literal('Receipt'),
  version: z.literal(VERSION),
  created: z.iso.datetime(),
  target: z.string(),
  images: z.array(
    z.object({
      path: z.string(),
      digest: z.string().refine((text): text is Digest => isDigest(text), 'not a digest'),
    }),
  ),
  blobs: z.array(heldBlobShape),
})

export function heldBlob(digest: Digest, size: number, repository: string, bundle?: string): HeldBlob {
  return { digest, size, repository, ...(bundle === undefined ? {} : { bundle }) }
}

/** The same holdings are the same text: sorted, an entry a line group. */
export function formatReceipt({ created, target, images, blobs }: Receipt): string {
  const ordered: Receipt = {
    kind: 'Receipt',
    version: VERSION,
    created,
    target,
    images: images.toSorted(by(image => image.path)),
    blobs: blobs.toSorted(by(blob => blob.digest)),
  }
  return `${JSON.stringify(ordered, undefined, 2)}\n`
}

/** @throws `input-invalid` */
export function parseReceipt(text: string, path: string): Receipt {
  const hint = 'write one with gpreg verify --receipt or gpreg bundle load --receipt'
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw invalidInput(path, undefined, 'not JSON', hint, cause)
  }
  const { version } = z.looseObject({}).safeParse(json).data ?? {}
  if (typeof version === 'number' && version > VERSION)
    throw invalidInput(path, undefined, `a receipt of version ${version}`, 'use a newer gpreg')
  const parsed = document.safeParse(json)
  if (!parsed.success) {
    const { path: at, message } = parsed.error.issues[0]!
    throw invalidInput(path, undefined, `not a receipt: ${at.join('.') || 'document'}: ${message}`, hint)
  }
  return parsed.data
}

import type { Digest } from '@gpreg/oci'
import type { BlobDestination, TransferPlan } from '@gpreg/oci/engine'
import type { Context } from '../context.ts'

/** Bytes of the blobs of one image: sent over the line, mounted from another repository, present already. */
export interface ImageBytes {
  readonly sent: number
  readonly mounted: number
  readonly present: number
}

interface Times {
  /** milliseconds since the epoch; `started` is when the first blob of the image was on its way */
  readonly started?: number
  readonly finished?: number
}

/** Notes of a copy when each image started and finished, and what became of each blob. */
export interface CopyRecord {
  /** The context that the copy must use, because its events are noted. */
  readonly context: Context
  /** @param image the target name */
  times(image: string): Times
  /** The bytes of each image of the plan. A blob that several images share counts for the first of them. */
  bytes(plan: TransferPlan): ReadonlyMap<TransferPlan['images'][number], ImageBytes>
}

export function recordCopy(context: Context): CopyRecord {
  const times = new Map<string, Times>()
  const sent = new Map<Digest, number>()
  const present = new Map<Digest, number>()
  const mounted = new Set<string>()
  const emit: Context['emit'] = event => {
    if (event.type === 'image.started') times.set(event.image, { started: context.now() })
    else if (event.type === 'image.copied' || event.type === 'image.failed')
      times.set(event.image, { ...times.get(event.image), finished: context.now() })
    else if (event.type === 'blob.sent') increase(sent, event.digest)
    else if (event.type === 'blob.present') increase(present, event.digest)
    else if (event.type === 'blob.mounted') mounted.add(`${event.repository} ${event.digest}`)
    context.emit(event)
  }
  const fateOf = ({ blob, repository, present: known }: BlobDestination, rest: Rest) => {
    const { digest } = blob.descriptor
    if (known) return 'present'
    if (mounted.has(`${repository.name} ${digest}`)) return 'mounted'
    if (decrease(rest.sent, digest)) return 'sent'
    return decrease(rest.present, digest) ? 'present' : undefined
  }
  return {
    context: { ...context, emit },
    times: image => times.get(image) ?? {},
    bytes({ images }) {
      const rest = { sent: new Map(sent), present: new Map(present) }
      const claimed = new Set<BlobDestination>()
      return new Map(
        images.map(image => {
          const bytes = { sent: 0, mounted: 0, present: 0 }
          for (const place of image.status === 'to-copy' ? image.needs : []) {
            if (claimed.has(place)) continue
            claimed.add(place)
            const fate = fateOf(place, rest)
            if (fate !== undefined) bytes[fate] += place.blob.descriptor.size
          }
          return [image, bytes]
        }),
      )
    },
  }
}

interface Rest {
  readonly sent: Map<Digest, number>
  readonly present: Map<Digest, number>
}

function increase(counts: Map<Digest, number>, digest: Digest): void {
  counts.set(digest, (counts.get(digest) ?? 0) + 1)
}

function decrease(counts: Map<Digest, number>, digest: Digest): boolean {
  const count = counts.get(digest) ?? 0
  counts.set(digest, count - 1)
  return count > 0
}

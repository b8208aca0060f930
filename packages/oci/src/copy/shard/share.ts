import type { Descriptor } from '../../model/descriptor.ts'
import type { Place } from '../../store/artifact.ts'
import { split } from './split.ts'

/** One of several processes that copy the same set to the same targets. They know of one another only what the targets have. */
export interface Shard {
  /** from 1 to `count` */
  readonly index: number
  readonly count: number
  /** Milliseconds without a new blob from another shard, after which this one sends what it needs of the other's share. */
  readonly patience: number
}

/** A blob of a set, for one of its target stores. */
export interface SharedBlob {
  readonly descriptor: Descriptor
  readonly store: string
}

/** The blobs of a set, divided so that each is sent by one shard. */
export interface Shares<B extends SharedBlob> {
  readonly shard: Shard
  /** the index of the shard that sends a blob of the set */
  shardOf(blob: B): number
}

/** @param blobs all of the set, so that all shards get the same shares */
export function shareBlobs<B extends SharedBlob>(blobs: readonly B[], shard: Shard): Shares<B> {
  const shares = split(
    blobs,
    shard.count,
    ({ descriptor }) => descriptor.size,
    ({ descriptor, store }) => `${descriptor.digest} ${store}`,
  )
  return { shard, shardOf: blob => shares.get(blob)! + 1 }
}

/** Whether this process sends a blob; without shards it sends them all. */
export function isOwn<B extends SharedBlob>(shares: Shares<B> | undefined, blob: B): boolean {
  return shares === undefined || shares.shardOf(blob) === shares.shard.index
}

/**
 * Divides the images of a set by their names alone, so that all shards agree even if one of them cannot read an image. The images of
 * one repository go to one shard, because they may share a manifest, and some registries answer wrongly while two clients write the same one.
 * @returns whether this shard publishes an image; without shards it publishes all
 */
export function shareImages<I extends { readonly target: Place }>(
  images: readonly I[],
  shard: Shard | undefined,
): (image: I) => boolean {
  if (shard === undefined) return () => true
  const repositoryOf = ({ target: { store, repository } }: I) => `${store}/${repository.name}`
  const repositories = Map.groupBy(images, repositoryOf)
  const shares = split(
    repositories.keys(),
    shard.count,
    name => repositories.get(name)!.length,
    name => name,
  )
  return image => shares.get(repositoryOf(image))! + 1 === shard.index
}

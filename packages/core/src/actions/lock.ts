import type { Context } from '../context.ts'
import type { GpregError } from '../errors.ts'
import type { Lock } from '../gitpod/lock.ts'
import type { ImageSet } from '../gitpod/image-set.ts'
import type { Registries } from '../remote/registries.ts'

export interface LockOptions {
  /** Pin signatures and other referrers; default true. */
  readonly referrers?: boolean
}

export interface LockResult {
  readonly lock: Lock
  /** Images that could not be resolved; the lock lacks them. */
  readonly failed: readonly { readonly source: string; readonly error: GpregError }[]
}

/** Resolves every image to its digest and size as of now. */
export declare function lockImages(set: ImageSet, registries: Registries, options: LockOptions, context: Context): Promise<LockResult>

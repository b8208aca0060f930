import type { Digest } from '@gpreg/oci'
import type { RegistryPrefix } from '@gpreg/oci/engine'
import type { Context } from '../context.ts'
import type { ImageSet } from '../gitpod/image-set.ts'
import { originsOf, type Bundle } from './bundle.ts'
import { bundleSet } from './bundle-lock.ts'
import { lockOf } from './foreign-layout.ts'

/** The images of a bundle below a prefix, and which bundle brought each blob. */
export async function imagesOfBundle(
  bundle: Bundle,
  to: RegistryPrefix,
  context: Context,
): Promise<{ set: ImageSet; originOf: (digest: Digest) => string | undefined }> {
  const lock = await lockOf(bundle, context)
  return { set: bundleSet(lock, to), originOf: originsOf(bundle, lock) }
}

import type { Digest, ManifestNode } from '@gpreg/oci'
import { fetchBytes, unlessAborted, type Call } from '@gpreg/oci/engine'
import type { Bundle } from '../../bundle/bundle.ts'
import { imageConfigs } from '../image-content.ts'

/** The configs that the bundle has. A differential bundle may leave one out, and a damaged one is for `bundle verify` to name. */
export async function readConfigs(
  { store }: Bundle,
  manifests: readonly ManifestNode[],
  call: Call,
): Promise<ReadonlyMap<Digest, Uint8Array>> {
  const configs = new Map<Digest, Uint8Array>()
  for (const config of imageConfigs(manifests)) {
    if (!(await store.holds(config.digest))) continue
    try {
      configs.set(config.digest, await fetchBytes(store.repository(''), config, call))
    } catch (thrown) {
      unlessAborted(thrown)
    }
  }
  return configs
}

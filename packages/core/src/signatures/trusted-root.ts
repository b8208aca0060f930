import { TrustedRoot } from '@sigstore/protobuf-specs'
import { toTrustMaterial, type TrustMaterial } from '@sigstore/verify'
import { invalidInput, readText } from '../input.ts'
import { PUBLIC_TRUSTED_ROOT } from './public-trusted-root.ts'

export type { TrustMaterial }

/**
 * The certificate authorities and logs of a Sigstore; nothing is asked over the network.
 * @param path a `trusted_root.json`; default that of the public Sigstore, as it was when gpreg was made
 * @throws `input-unreadable`, `input-invalid`
 */
export async function readTrustedRoot(path?: string): Promise<TrustMaterial> {
  if (path === undefined) return toTrustMaterial(TrustedRoot.fromJSON(PUBLIC_TRUSTED_ROOT))
  const text = await readText(path)
  try {
    const root = TrustedRoot.fromJSON(JSON.parse(text))
    if (root.certificateAuthorities.length > 0) return toTrustMaterial(root)
  } catch (cause) {
    throw notTrustedRoot(path, cause)
  }
  throw notTrustedRoot(path)
}

function notTrustedRoot(path: string, cause?: unknown) {
  const hint = 'give the trusted_root.json of your Sigstore, e.g. what `cosign trusted-root create` writes'
  return invalidInput(path, undefined, 'this is no trusted root of Sigstore', hint, cause)
}

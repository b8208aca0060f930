import { createPublicKey } from 'node:crypto'
import { GpregError } from '@gpreg/oci'
import type { Verified } from '../gitpod/image-set.ts'
import { globMatcher } from '../glob.ts'
import { invalidInput, readText } from '../input.ts'
import type { KeyRule, Rules, SignaturePolicy } from './rules.ts'

/** A policy as users write it. */
export interface SignaturePolicyRequest {
  /** `PUB.pem` for every image, or `GLOB=PUB.pem` */
  readonly keys?: readonly string[]
  /** `*` is any text, `?` one character */
  readonly identities?: readonly string[]
  readonly issuer?: string
  /** a `trusted_root.json` of another Sigstore than the public one */
  readonly trustedRoot?: string
}

/**
 * Reads the keys and the trusted root of a policy.
 * @returns undefined if nothing is asked for
 * @throws `usage`, `input-unreadable`, `input-invalid`
 */
export async function readSignaturePolicy(
  request: SignaturePolicyRequest,
): Promise<SignaturePolicy | undefined> {
  const { keys = [], identities = [], issuer, trustedRoot } = request
  if (identities.length > 0 !== (issuer !== undefined)) throw halfIdentity(issuer)
  if (keys.length === 0 && issuer === undefined) return undefined
  const rules: Rules = {
    keys: await Promise.all(keys.map(readKeyRule)),
    identities: identities.map(identity => ({
      identity,
      matches: globMatcher(identity),
      issuer: issuer ?? '',
    })),
  }
  // Loaded for a policy only, so that other starts are faster.
  const [{ createAdmission }, { readTrustedRoot }] = await Promise.all([
    import('./admission.ts'),
    import('./trusted-root.ts'),
  ])
  return remembering(createAdmission(rules, await readTrustedRoot(trustedRoot)))
}

/** A policy that remembers whom it has admitted, because results and locks say who had signed. */
function remembering(admit: SignaturePolicy['admit']): SignaturePolicy {
  const signers = new Map<string, Verified>()
  return {
    async admit(image, call) {
      const signer = await admit(image, call)
      signers.set(image.name, signer)
      return signer
    },
    signerOf: name => signers.get(name),
  }
}

async function readKeyRule(text: string): Promise<KeyRule> {
  // A name of an image has no `=`, so what follows the first one is the path.
  const [, glob = '*', path = ''] = /^(?:([^=]*)=)?(.*)$/s.exec(text) ?? []
  const pem = await readText(path)
  try {
    return { matches: globMatcher(glob), path, key: createPublicKey(pem) }
  } catch (cause) {
    throw invalidInput(path, undefined, 'this is no public key in PEM', 'cosign public-key writes one', cause)
  }
}

function halfIdentity(issuer: string | undefined): GpregError {
  return issuer === undefined
    ? new GpregError('usage', 'an identity without the issuer that vouches for it is nobody', {
        hint: 'name it with --verify-issuer, e.g. https://token.actions.githubusercontent.com',
      })
    : new GpregError('usage', 'an issuer without an identity trusts everybody that it knows', {
        hint: 'name who may sign with --verify-identity',
      })
}

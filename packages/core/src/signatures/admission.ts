import { createHash, type KeyObject } from 'node:crypto'
import { Verifier, type SignedEntity } from '@sigstore/verify'
import { GpregError, type Descriptor, type Digest } from '@gpreg/oci'
import {
  fetchBytes,
  findReferrers,
  readManifest,
  unlessAborted,
  type AdmittedImage,
  type Call,
  type Referrer,
} from '@gpreg/oci/engine'
import type { Verified } from '../gitpod/image-set.ts'
import { isAbout, isSignatureLayer, isSignatureType, readSignature, type Signature } from './signature.ts'
import type { Rules, SignaturePolicy } from './rules.ts'
import type { TrustMaterial } from './trusted-root.ts'

/**
 * Makes the check of a policy.
 * @param trust the certificate authorities and logs that identities are proven by
 */
export function createAdmission(policy: Rules, trust: TrustMaterial): SignaturePolicy['admit'] {
  return async (image, call) => {
    const rules = rulesFor(image.name, policy)
    const reasons: string[] = []
    for await (const layer of signatureLayers(image, call)) {
      try {
        const signature = readSignature(layer, await fetchBytes(image.repository, layer, call))
        if (signature === undefined) continue
        return check(signature, image, rules, trust)
      } catch (thrown) {
        reasons.push(unlessAborted(thrown).message)
      }
    }
    throw refused(image, rules, reasons)
  }
}

/** The rules that an image must satisfy: one of the keys, or one of the identities. */
function rulesFor(name: string, { keys, identities }: Rules): Rules {
  const named = keys.filter(({ matches }) => matches(name))
  if (named.length > 0) return { keys: named, identities: [] }
  if (identities.length > 0) return { keys: [], identities }
  throw new GpregError('signature-invalid', `no rule says who must have signed ${name}`, {
    reference: name,
    hint: "name a key for it with --verify-key 'GLOB=PUB.pem', or leave it out with --exclude",
  })
}

/** The layers of every signature of an image, those that a tag of cosign names and those that name the image as their subject. */
async function* signatureLayers(
  { repository, digest, referrers }: AdmittedImage,
  call: Call,
): AsyncGenerator<Descriptor> {
  const isSignature = ({ subject, tag, descriptor }: Referrer) =>
    subject === digest &&
    (tag === undefined ? isSignatureType(descriptor.artifactType) : tag.endsWith('.sig'))
  // A lock may have been made without referrers.
  const known = referrers?.filter(isSignature) ?? []
  const found = known.length > 0 ? known : await allReferrers({ repository, digest }, call)
  for (const { descriptor } of found.filter(isSignature)) {
    const { manifest } = await readManifest(repository, descriptor, call)
    if (manifest.kind === 'manifest') yield* manifest.layers.filter(isSignatureLayer)
  }
}

async function allReferrers(
  { repository, digest }: Pick<AdmittedImage, 'repository' | 'digest'>,
  call: Call,
) {
  const { referrers, unknown } = await findReferrers(repository, [digest], call)
  // A signature that was found may be enough. Where none was found, the image is not called unsigned.
  if (unknown !== undefined && referrers.length === 0) throw unknown
  return referrers
}

/** @throws if the signature is about another image, or not by one of those who may sign */
function check(signature: Signature, image: AdmittedImage, rules: Rules, trust: TrustMaterial): Verified {
  if (!isAbout(signature, image.digest))
    throw refusal(`a signature is about ${signature.subjects.join(', ') || 'nothing'}`)
  const { entity } = signature
  const byKey = rules.keys.find(({ key }) => isSignedBy(entity, key))
  if (byKey !== undefined) return { by: 'key', key: fingerprint(byKey.key) }
  if (rules.identities.length === 0)
    throw refusal(`a signature is not by ${rules.keys.map(({ path }) => path).join(' or ')}`)
  if (entity.key.$case !== 'certificate') throw refusal('a signature is by a key, and names nobody')
  const { identity } = new Verifier(trust).verify(entity)
  const who = identity?.subjectAlternativeName ?? ''
  const issuer = identity?.extensions?.issuer ?? ''
  if (rules.identities.some(rule => rule.issuer === issuer && rule.matches(who)))
    return { by: 'identity', identity: who, issuer }
  throw refusal(`a signature is by ${who}, for whom ${issuer} vouches`)
}

const refusal = (message: string) => new GpregError('signature-invalid', message)

/** A key that does not fit, such as one of another kind, is no signer. */
function isSignedBy({ signature }: SignedEntity, key: KeyObject): boolean {
  try {
    return signature.verifySignature(key)
  } catch {
    return false
  }
}

function fingerprint(key: KeyObject): Digest {
  const bytes = key.export({ type: 'spki', format: 'der' })
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

function refused({ name, digest }: AdmittedImage, rules: Rules, reasons: readonly string[]): GpregError {
  const wanted = [
    ...rules.keys.map(({ path }) => `the key ${path}`),
    ...rules.identities.map(({ identity, issuer }) => `${identity} (${issuer})`),
  ].join(' or ')
  const why = reasons.length === 0 ? 'it has no signature' : [...new Set(reasons)].join('; ')
  return new GpregError('signature-invalid', `${name} is not signed by ${wanted}: ${why}`, {
    reference: name,
    digest,
    hint: 'ask whoever makes the image for a signature, or leave the image out with --exclude',
  })
}

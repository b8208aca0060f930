import { bundleFromJSON } from '@sigstore/bundle'
import { toSignedEntity, type SignedEntity } from '@sigstore/verify'
import type { Descriptor, Digest } from '@gpreg/oci'
import { digestHex, isRecord } from '@gpreg/oci/engine'

/** A signature of an image, not yet checked. */
export interface Signature {
  readonly entity: SignedEntity
  /** The digests that the signed statement is about. */
  readonly subjects: readonly string[]
}

/** https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md#simple-signing */
const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json'
/** https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md */
const SIGSTORE_BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle\.v0\.\d+\+json$/
/** A bundle may also hold an attestation, which states something else than that the image is signed. */
const COSIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1'

/** The artifact types of signatures that a registry finds by their subject. */
export function isSignatureType(type: string | undefined): boolean {
  return type === 'application/vnd.dev.cosign.artifact.sig.v1+json' || SIGSTORE_BUNDLE.test(type ?? '')
}

/** A layer that may hold a signature. */
export function isSignatureLayer({ mediaType }: Descriptor): boolean {
  return mediaType === SIMPLE_SIGNING || SIGSTORE_BUNDLE.test(mediaType)
}

/**
 * Reads the signature in a layer: cosign's payload with the signature in the annotations of the layer, or a Sigstore bundle.
 * @returns undefined if the layer holds something else, such as an attestation
 * @throws if it is malformed
 */
export function readSignature(layer: Descriptor, bytes: Uint8Array): Signature | undefined {
  return layer.mediaType === SIMPLE_SIGNING ? simpleSignature(layer, bytes) : bundledSignature(bytes)
}

function bundledSignature(bytes: Uint8Array): Signature | undefined {
  const bundle = bundleFromJSON(JSON.parse(Buffer.from(bytes).toString()))
  if (bundle.content.$case !== 'dsseEnvelope') return undefined
  const statement: unknown = JSON.parse(bundle.content.dsseEnvelope.payload.toString())
  if (!isRecord(statement) || statement['predicateType'] !== COSIGN_PREDICATE) return undefined
  const subjects = Array.isArray(statement['subject']) ? statement['subject'] : []
  return {
    entity: toSignedEntity(bundle),
    subjects: subjects.map(subject => `sha256:${textAt(subject, 'digest', 'sha256') ?? ''}`),
  }
}

function simpleSignature(layer: Descriptor, payload: Uint8Array): Signature {
  const { annotations = {} } = layer
  const bundle = {
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
    verificationMaterial: {
      ...signer(annotations['dev.sigstore.cosign/certificate'], annotations['dev.sigstore.cosign/chain']),
      tlogEntries: logEntries(annotations['dev.sigstore.cosign/bundle']),
    },
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest: base64(Buffer.from(digestHex(layer.digest), 'hex')) },
      signature: annotations['dev.cosignproject.cosign/signature'] ?? '',
    },
  }
  const statement: unknown = JSON.parse(Buffer.from(payload).toString())
  const subject = textAt(statement, 'critical', 'image', 'docker-manifest-digest')
  return {
    entity: toSignedEntity(bundleFromJSON(bundle), Buffer.from(payload)),
    subjects: subject === undefined ? [] : [subject],
  }
}

/** The certificate of the signer, or the sign that a key signed. Roots come from the policy, never from the signature. */
function signer(certificate: string | undefined, chain = '') {
  if (certificate === undefined) return { publicKey: { hint: '' } }
  return { x509CertificateChain: { certificates: certificatesIn(`${certificate}\n${chain}`) } }
}

function certificatesIn(pem: string): { readonly rawBytes: string }[] {
  const blocks = pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)
  return [...blocks].map(([, body = '']) => ({ rawBytes: body.replace(/\s/g, '') }))
}

/** The entry of the transparency log: cosign keeps what the log signed. */
function logEntries(text: string | undefined) {
  if (text === undefined) return []
  const entry: unknown = JSON.parse(text)
  const payload = isRecord(entry) && isRecord(entry['Payload']) ? entry['Payload'] : {}
  const body: unknown = JSON.parse(Buffer.from(String(payload['body']), 'base64').toString())
  return [
    {
      logIndex: String(payload['logIndex']),
      logId: { keyId: base64(Buffer.from(String(payload['logID']), 'hex')) },
      kindVersion: { kind: textAt(body, 'kind'), version: textAt(body, 'apiVersion') },
      integratedTime: String(payload['integratedTime']),
      inclusionPromise: { signedEntryTimestamp: textAt(entry, 'SignedEntryTimestamp') },
      canonicalizedBody: String(payload['body']),
    },
  ]
}

/** The text at a path of keys; undefined if there is none. */
function textAt(value: unknown, ...keys: readonly string[]): string | undefined {
  const found = keys.reduce<unknown>((here, key) => (isRecord(here) ? here[key] : undefined), value)
  return typeof found === 'string' ? found : undefined
}

const base64 = (bytes: Buffer) => bytes.toString('base64')

/** Whether the statement of a signature is about a digest. A signature of another image may be stored under its tag. */
export function isAbout({ subjects }: Signature, digest: Digest): boolean {
  return subjects.includes(digest)
}

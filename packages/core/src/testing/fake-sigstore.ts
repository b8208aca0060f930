import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { initializeCA, initializeCTLog, initializeTLog } from '@sigstore/mock'
import { HashAlgorithm, PublicKeyDetails, TrustedRoot } from '@sigstore/protobuf-specs'
import { MediaType, digestOf, type Descriptor, type Digest, type Repository } from '@gpreg/oci'
import { describe, pushSample, type Sample } from '@gpreg/oci/testing'

export const ISSUER = 'https://issuer.example'
const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json'
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json'
/** https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md */
const OIDC_ISSUER = '1.3.6.1.4.1.57264.1.8'
const REKOR = 'https://rekor.example'

/** A pair of keys as `cosign generate-key-pair` makes them, with the public one in a file. */
export async function keyIn(directory: string, name: string) {
  const { publicKey, privateKey } = newKey()
  const path = join(directory, name)
  await writeFile(path, publicKey.export({ type: 'spki', format: 'pem' }))
  return { path, privateKey }
}

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' })

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>) =>
  Buffer.from(buffer, byteOffset, byteLength)

/** What cosign signs: the statement that an image with this digest is meant. */
export function payloadAbout(digest: string): string {
  const critical = { identity: { 'docker-reference': '' }, image: { 'docker-manifest-digest': digest } }
  return JSON.stringify({
    critical: { ...critical, type: 'cosign container image signature' },
    optional: null,
  })
}

/** Signs as `cosign sign --key` of version 2 does: under a tag, with the signature in an annotation. */
export async function signByTag(
  repository: Repository,
  image: Digest,
  key: KeyObject,
  about: string = image,
) {
  const payload = payloadAbout(about)
  await pushSignature(repository, image, payload, {
    'dev.cosignproject.cosign/signature': sign('sha256', Buffer.from(payload), key).toString('base64'),
  })
}

/** Signs as `cosign sign --key` of version 3 does: a bundle with a statement, found by its subject. */
export async function signByBundle(
  repository: Repository,
  image: Descriptor,
  key: KeyObject,
  predicateType = 'https://sigstore.dev/cosign/sign/v1',
  signedPredicateType = predicateType,
) {
  const statement = (predicateType: string) =>
    Buffer.from(
      JSON.stringify({
        _type: 'https://in-toto.io/Statement/v1',
        subject: [{ digest: { sha256: image.digest.replace('sha256:', '') } }],
        predicateType,
        predicate: {},
      }),
    )
  const payload = statement(signedPredicateType)
  const payloadType = 'application/vnd.in-toto+json'
  const signed = Buffer.concat([
    Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `),
    payload,
  ])
  const layer = describe(
    JSON.stringify({
      mediaType: BUNDLE,
      verificationMaterial: { publicKey: { hint: 'key' }, tlogEntries: [] },
      dsseEnvelope: {
        payload: statement(predicateType).toString('base64'),
        payloadType,
        signatures: [{ sig: sign('sha256', signed, key).toString('base64') }],
      },
    }),
    BUNDLE,
  )
  await pushSample(repository, artifact(layer, {}, { artifactType: BUNDLE, subject: image }))
}

/** A Sigstore of one's own: it vouches for identities at a time, and logs signatures at a time. */
export async function fakeSigstore(directory: string) {
  const keys = { ca: newKey(), ct: newKey(), log: newKey() }
  const ct = await initializeCTLog(keys.ct)
  const path = join(directory, 'trusted_root.json')
  const root = await initializeCA(keys.ca, ct)
  const instance = (publicKey: Buffer, logId: Buffer) => ({
    baseUrl: REKOR,
    hashAlgorithm: HashAlgorithm.SHA2_256,
    logId: { keyId: logId },
    checkpointKeyId: undefined,
    operator: '',
    publicKey: {
      rawBytes: publicKey,
      keyDetails: PublicKeyDetails.PKIX_ECDSA_P256_SHA_256,
      validFor: { start: new Date(0), end: undefined },
    },
  })
  const logKey = keys.log.publicKey.export({ type: 'spki', format: 'der' })
  const trusted: TrustedRoot = {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [instance(logKey, Buffer.from(digestOf(logKey).slice('sha256:'.length), 'hex'))],
    ctlogs: [instance(ct.publicKey, bytesOf(ct.logID))],
    certificateAuthorities: [
      {
        subject: { commonName: 'sigstore', organization: 'sigstore.mock' },
        uri: '',
        operator: '',
        certChain: { certificates: [{ rawBytes: bytesOf(root.rootCertificate) }] },
        validFor: { start: new Date(0), end: undefined },
      },
    ],
    timestampAuthorities: [],
  }
  await writeFile(path, JSON.stringify(TrustedRoot.toJSON(trusted)))

  return {
    path,
    /** Signs as `cosign sign` without a key does. */
    async sign(
      repository: Repository,
      image: Digest,
      identity: string,
      odd: {
        readonly certified?: Date
        readonly logged?: Date
        /** the time that the entry claims, beside what the log signed */
        readonly claimed?: Date
        readonly issuer?: string
        readonly about?: Digest
      } = {},
    ) {
      const { certified = new Date(), logged = certified, claimed, issuer = ISSUER, about = image } = odd
      const { publicKey, privateKey } = newKey()
      const authority = await initializeCA(keys.ca, ct, certified)
      const certificate = await authority.issueCertificate({
        publicKey: publicKey.export({ type: 'spki', format: 'der' }),
        subjectAltName: identity,
        extensions: [{ oid: OIDC_ISSUER, value: issuer }],
      })
      const pem = `-----BEGIN CERTIFICATE-----\n${bytesOf(certificate).toString('base64')}\n-----END CERTIFICATE-----\n`
      const payload = Buffer.from(payloadAbout(about))
      const signature = sign('sha256', payload, privateKey).toString('base64')
      const entries = await (
        await initializeTLog(REKOR, keys.log, logged)
      ).log({
        apiVersion: '0.0.1',
        kind: 'hashedrekord',
        spec: {
          data: { hash: { algorithm: 'sha256', value: digestOf(payload).slice('sha256:'.length) } },
          signature: { content: signature, publicKey: { content: Buffer.from(pem).toString('base64') } },
        },
      })
      const [entry] = Object.values(entries) as {
        body: string
        integratedTime: number
        logID: string
        logIndex: number
        verification: { signedEntryTimestamp: string }
      }[]
      const { body, logID, logIndex, verification } = entry!
      const integratedTime =
        claimed === undefined ? entry!.integratedTime : Math.floor(claimed.getTime() / 1000)
      await pushSignature(repository, image, payload.toString(), {
        'dev.cosignproject.cosign/signature': signature,
        'dev.sigstore.cosign/certificate': pem,
        'dev.sigstore.cosign/bundle': JSON.stringify({
          SignedEntryTimestamp: verification.signedEntryTimestamp,
          Payload: { body, integratedTime, logIndex, logID },
        }),
      })
    },
  }
}

async function pushSignature(
  repository: Repository,
  image: Digest,
  payload: string,
  annotations: Readonly<Record<string, string>>,
) {
  const layer = describe(payload, SIMPLE_SIGNING)
  await pushSample(repository, artifact(layer, annotations, {}), `${image.replace(':', '-')}.sig`)
}

function artifact(
  layer: ReturnType<typeof describe>,
  annotations: Readonly<Record<string, string>>,
  more: { readonly artifactType?: string; readonly subject?: Descriptor },
): Sample {
  const config = describe('{}', MediaType.ociConfig)
  const manifest = describe(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MediaType.ociManifest,
      ...more,
      config: config.descriptor,
      layers: [{ ...layer.descriptor, annotations }],
    }),
    MediaType.ociManifest,
  )
  return {
    ...manifest,
    blobs: new Map([config, layer].map(blob => [blob.descriptor.digest, blob])),
    children: [],
  }
}

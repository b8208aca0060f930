import { sha256, type Content, type Image } from './images.ts'
import { pushBlob, pushManifest } from './upstream.ts'

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'

/** https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidance-for-an-empty-descriptor */
const EMPTY: Content = {
  mediaType: 'application/vnd.oci.empty.v1+json',
  digest: sha256('{}'),
  bytes: Buffer.from('{}'),
}

/** A statement about an image, such as a signature or an SBOM: its type and its payload. */
export interface Statement {
  readonly artifactType: string
  readonly payload: string
}

/**
 * Makes a manifest with a `subject`.
 * https://github.com/opencontainers/image-spec/blob/main/manifest.md#image-manifest-property-descriptions
 */
export function makeReferrer(subject: Content, { artifactType, payload }: Statement): Image {
  const layer = contentOf(artifactType, payload)
  return imageOf({ artifactType, subject: describe(subject) }, EMPTY, layer)
}

/**
 * Makes an image as `cosign sign` and `cosign attach` write it: found by its tag, without `subject`.
 * https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
 */
export function makeCosignImage(layerType: string, payload: string): Image {
  const config = contentOf('application/vnd.oci.image.config.v1+json', '{"architecture":"","os":""}')
  return imageOf({}, config, contentOf(layerType, payload), { 'dev.cosignproject.cosign/signature': 'c2ln' })
}

/** The tag that cosign uses for a digest: `sha256-<hex>.sig` */
export function cosignTag(digest: string, kind: 'sig' | 'att' | 'sbom'): string {
  return `${digest.replace(':', '-')}.${kind}`
}

/**
 * Pushes a referrer to a registry without the referrers API. In this case the client maintains the list of referrers
 * under a tag.
 */
export async function pushReferrer(
  registry: URL,
  repository: string,
  subject: Content,
  referrer: Image,
  statement: Statement,
): Promise<void> {
  for (const blob of referrer.blobs) await pushBlob(registry, repository, blob)
  await pushManifest(registry, repository, referrer.manifest.digest, referrer.manifest)
  const tag = subject.digest.replace(':', '-')
  const known = await manifestsOf(
    await fetch(new URL(`/v2/${repository}/manifests/${tag}`, registry), { headers: { accept: OCI_INDEX } }),
  )
  const manifests = [...known, { ...describe(referrer.manifest), artifactType: statement.artifactType }]
  const index = contentOf(OCI_INDEX, JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }))
  await pushManifest(registry, repository, tag, index)
}

/**
 * Finds the referrers of a digest, and the referrers of these. It uses the API, or the tag if the registry has no API.
 */
export async function findReferrers(registry: URL, repository: string, digest: string): Promise<string[]> {
  const at = (path: string) =>
    fetch(new URL(`/v2/${repository}/${path}`, registry), { headers: { accept: OCI_INDEX } })
  const api = await at(`referrers/${digest}`)
  const found = await manifestsOf(
    api.status === 404 ? await at(`manifests/${digest.replace(':', '-')}`) : api,
  )
  const theirs = await Promise.all(found.map(one => findReferrers(registry, repository, one.digest)))
  return [...found.map(one => one.digest), ...theirs.flat()].toSorted()
}

async function manifestsOf(answer: Response): Promise<{ digest: string }[]> {
  if (answer.status === 404) return []
  return ((await answer.json()) as { manifests: { digest: string }[] }).manifests
}

function imageOf(more: object, config: Content, layer: Content, annotations?: object): Image {
  const document = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    ...more,
    config: describe(config),
    layers: [{ ...describe(layer), ...(annotations ? { annotations } : {}) }],
  }
  return { manifest: contentOf(OCI_MANIFEST, JSON.stringify(document)), blobs: [config, layer], children: [] }
}

function contentOf(mediaType: string, text: string): Content {
  const bytes = Buffer.from(text)
  return { mediaType, digest: sha256(bytes), bytes }
}

function describe({ mediaType, digest, bytes }: Content) {
  return { mediaType, digest, size: bytes.length }
}

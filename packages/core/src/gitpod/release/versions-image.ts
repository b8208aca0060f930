import type { Context } from '../../context.ts'
import { GpregError, isGpregError, type Descriptor, childrenOf, type ImageManifest, matchesPlatform, formatReference, type Reference, type ReadableRepository } from '@gpreg/oci'
import { readManifest, isForeignLayer, isManifestType, isTag, tagOrDigest, type Call } from '@gpreg/oci/engine'
import { gitpodImage } from './catalogue.ts'
import { findInLayer } from './layer-file.ts'

const FILE = 'versions.yaml'
/** Limit for the size of `versions.yaml`. The real file has 5 KiB. */
const MAX_FILE_BYTES = 1024 * 1024
/** Limit for the nesting of indexes in indexes. */
const MAX_DEPTH = 4
const HINT =
  'name the build in full: before 2022.11.2 it ends with a number of its own, e.g. release-2022.08.0.0; or give its versions manifest as a file: --versions FILE --catalogue RELEASE'

/**
 * The image that carries the versions manifest of a release. Its tag is the name of the build (`release-2022.11.3`,
 * `release-2022.08.0.0`, `main.2968`); the bare number of a release stands for the final build.
 * @throws `release-unknown` if the version cannot be a tag
 */
export function versionsImage(release: string): Reference {
  const tag = /^\d{4}\.\d/.test(release) ? `release-${release}` : release
  if (isTag(tag)) return gitpodImage('versions', tag)
  throw new GpregError('release-unknown', `${JSON.stringify(release)} is no name of a release`, {
    hint: 'name it like release-2022.11.3',
  })
}

/**
 * Reads `/versions.yaml` from the layers of an image, as a container of the image would see it.
 * @throws `not-found` if the image or the file does not exist, and the errors of the repository
 */
export async function readVersionsImage(
  image: Reference,
  repository: ReadableRepository,
  context: Context,
): Promise<string> {
  const call = { signal: context.signal }
  const reference = formatReference(image)
  const root = await repository.resolve(tagOrDigest(image), call).catch((thrown: unknown) => {
    if (!isGpregError(thrown, 'not-found')) throw thrown
    const message = `the versions manifest of this release is in ${reference}, which is not there: ${thrown.message}`
    throw new GpregError('not-found', message, {
      ...thrown.subject,
      cause: thrown,
      reference,
      hint: HINT,
    })
  })
  const manifest = await imageManifest(root, repository, call)
  for (const layer of manifest.layers.toReversed()) {
    if (isForeignLayer(layer)) continue
    const found = await findInLayer(repository.fetch(layer, call), layer.mediaType, FILE, MAX_FILE_BYTES)
    if (found === 'absent') continue
    if (found === 'deleted') break
    return new TextDecoder().decode(found)
  }
  throw new GpregError('not-found', `there is no /${FILE} in ${reference}`, {
    reference,
    side: 'source',
    hint: HINT,
  })
}

/** Reads the manifest of an image. Of an index, also a nested one, the child for linux/amd64 is read, else the first child. */
async function imageManifest(
  root: Descriptor,
  repository: ReadableRepository,
  call: Call,
): Promise<ImageManifest> {
  let descriptor = root
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const { manifest } = await readManifest(repository, descriptor, call)
    if (manifest.kind === 'manifest') return manifest
    const children = childrenOf(manifest).filter(({ mediaType }) => isManifestType(mediaType))
    const child = children.find(isAmd64) ?? children[0]
    if (child === undefined) break
    descriptor = child
  }
  throw new GpregError('manifest-invalid', `${root.digest} is an index without an image`, {
    digest: root.digest,
  })
}

function isAmd64({ platform }: Descriptor): boolean {
  return platform !== undefined && matchesPlatform({ os: 'linux', architecture: 'amd64' }, platform)
}

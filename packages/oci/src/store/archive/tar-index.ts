import { GpregError } from '../../errors.ts'
import { isDigest, type Digest } from '../../model/digest.ts'
import { damaged } from '../damage.ts'
import { MAX_DOCUMENT, MAX_INDEX } from '../layout/layout-files.ts'
import { quoted, readTarMembers, type Extent, type TarMember } from './tar-members.ts'
import type { VolumeReader } from './volumes.ts'

/** The position of every member of an archive. */
export interface TarIndex {
  /** `index.json` */
  readonly layoutIndex: Extent
  /** by name */
  readonly documents: ReadonlyMap<string, Extent>
  readonly blobs: ReadonlyMap<Digest, Extent>
}

const LAYOUT_INDEX = 'index.json'
const LAYOUT_DOCUMENTS = ['oci-layout', LAYOUT_INDEX]
const DIRECTORIES = /^(?:\.\/?|(?:\.\/)?(?:blobs(?:\/sha(?:256|512))?|ingest)\/?)$/

/** What others put beside a layout: docker save its own index, and a layout that was a directory what was not finished in it. */
const PASSED_OVER = /^(?:\.\/)?(?:manifest\.json|repositories|ingest\/[^/]+)$/

/**
 * Reads where the members of an archive are. An archive is untrusted: members that an OCI layout does not have are refused, and no
 * name in it is ever used as a path.
 * @param extra names of documents that are allowed beside those of an OCI layout
 * @throws `bundle-damaged`, `input-invalid` for a tar of something else
 */
export async function readTarIndex(
  volumes: VolumeReader,
  name: string,
  extra: readonly string[],
): Promise<TarIndex> {
  const members = new Members(name, [...LAYOUT_DOCUMENTS, ...extra])
  for await (const member of readTarMembers(volumes, name)) if (!isPassedOver(member)) members.add(member)
  return members.index()
}

function isPassedOver({ name, type }: TarMember): boolean {
  return (type === '5' && DIRECTORIES.test(name)) || (type === '0' && PASSED_OVER.test(name))
}

/** The members found so far. */
class Members {
  readonly #archive: string
  readonly #allowed: ReadonlySet<string>
  readonly #documents = new Map<string, Extent>()
  readonly #blobs = new Map<Digest, Extent>()

  /** @param allowed names of documents */
  constructor(archive: string, allowed: readonly string[]) {
    this.#archive = archive
    this.#allowed = new Set(allowed)
  }

  /** @throws `bundle-damaged`, `input-invalid` for what no bundle has */
  add({ name, type, extent }: TarMember): void {
    const archive = this.#archive
    if (type !== '0' && type !== '5')
      throw damaged(`${archive}: ${quoted(name)} is ${typeName(type)}, which no bundle has`, archive)
    const plain = name.replace(/^\.\//, '')
    const digest = digestOfPath(plain)
    if (type === '5' || (digest === undefined && !this.#allowed.has(plain)))
      throw noBundle(archive, `${quoted(name)} is nothing that a bundle has`)
    if (digest === undefined && extent.size > (plain === LAYOUT_INDEX ? MAX_INDEX : MAX_DOCUMENT))
      throw damaged(`${archive}: ${quoted(name)} has ${extent.size} bytes`, archive)
    const isNew =
      digest === undefined ? place(this.#documents, plain, extent) : place(this.#blobs, digest, extent)
    if (!isNew) throw damaged(`${archive} has ${quoted(name)} twice`, archive)
  }

  /** @throws `input-invalid` without `index.json` */
  index(): TarIndex {
    const layoutIndex = this.#documents.get(LAYOUT_INDEX)
    if (layoutIndex === undefined) throw noBundle(this.#archive, 'it has no index.json')
    return { layoutIndex, documents: this.#documents, blobs: this.#blobs }
  }
}

/** The digest of the blob at a path of a layout; undefined at other paths. */
function digestOfPath(path: string): Digest | undefined {
  const [, algorithm, hex] = /^blobs\/(sha256|sha512)\/([0-9a-f]+)$/.exec(path) ?? []
  const digest = `${algorithm}:${hex}`
  return isDigest(digest) ? digest : undefined
}

/** @returns false if there was one already */
function place<K>(known: Map<K, Extent>, key: K, extent: Extent): boolean {
  if (known.has(key)) return false
  known.set(key, extent)
  return true
}

/** The error for a tar that is whole, but of something else. */
function noBundle(name: string, why: string): GpregError {
  return new GpregError('input-invalid', `${name} is no bundle: ${why}`, {
    path: name,
    hint: 'name a tar that gpreg bundle save wrote, or one of an OCI image layout, as skopeo copy docker-archive:… oci-archive:… makes it',
  })
}

const TYPES: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a device',
  '4': 'a device',
  '6': 'a pipe',
  S: 'a sparse file',
}

function typeName(type: string): string {
  return TYPES[type] ?? `of the kind ${JSON.stringify(type)}`
}

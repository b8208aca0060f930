import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { GpregError } from '@gpreg/oci'
import { damaged } from '@gpreg/oci/engine'
import { assertNoUrl, reading } from '../input.ts'
import { parseSidecar, type Sidecar, type SidecarFile } from '../documents/sidecar.ts'
import { firstThere, isDirectory, sameName, sizeOf } from './found-file.ts'

/** The file name of the lock in a bundle. */
export const LOCK_NAME = 'gpreg.lock.json'

const SIDECAR = '.manifest.json'
const SIGNATURE = '.sig'

/** The path of a bundle's sidecar: beside the files of the bundle, or in its directory. */
export function sidecarPath(path: string, isDirectory: boolean): string {
  return isDirectory ? join(path, `gpreg${SIDECAR}`) : `${path}${SIDECAR}`
}

export function signaturePath(sidecar: string): string {
  return `${sidecar}${SIGNATURE}`
}

export interface VolumeFile {
  /** file name */
  readonly name: string
  /** absent if it was not found */
  readonly path?: string
  /** bytes of the file; 0 if it was not found */
  readonly size: number
  /** size and hash in the sidecar; absent if there is no sidecar */
  readonly expected?: { readonly size: number; readonly sha256: string }
}

/** The files of one bundle, found but not read. */
export interface BundleFiles {
  /** the name of the bundle in messages */
  readonly name: string
  /** set if the bundle is an OCI layout in a directory */
  readonly directory?: string
  /** in the order of the archive */
  readonly volumes: readonly VolumeFile[]
  /** files that the sidecar lists beside those of the bundle */
  readonly beside: readonly VolumeFile[]
  readonly sidecar?: { readonly path: string; readonly bytes: Buffer; readonly document: Sidecar }
  readonly signature?: Buffer
}

/**
 * Finds the files of a bundle by its directory, its tar, its base name, or its volumes, in any order and in any directories.
 * @throws `input-unreadable`, `usage`, `bundle-damaged`
 */
export async function findBundle(named: readonly string[]): Promise<BundleFiles> {
  named.forEach(assertNoUrl)
  const [only] = named
  if (only !== undefined && named.length === 1 && (await isLayout(only))) return findDirectory(only)
  const parts = (await Promise.all(named.map(partsAt))).flat()
  const { bundle, sidecar } = await oneBundle(parts)
  const listed = sidecar && new Set(sidecar.document.volumes.map(({ name }) => name.toLowerCase()))
  const belongs = ({ path, isNamed }: Part) =>
    isNamed ||
    bundle === undefined ||
    (listed?.has(basename(path).toLowerCase()) ?? basename(baseOf(path)) === bundle)
  // Other files in a directory, such as scan.2022, are nothing of the bundle.
  const paths = parts.filter(part => isBeside(part.path) || belongs(part)).map(({ path }) => path)
  const [first] = paths
  if (first === undefined) throw new GpregError('usage', 'no bundle was named')
  const given = new Map<string, string>()
  for (const path of paths.filter(each => !isBeside(each))) {
    const name = basename(path)
    const other = given.get(name)
    if (other !== undefined && other !== path)
      throw new GpregError('usage', `${name} was named twice: ${other} and ${path}`, {
        path,
        hint: 'name each volume once',
      })
    given.set(name, path)
  }
  const name = sidecar === undefined ? baseOf(first) : sidecar.path.slice(0, -SIDECAR.length)
  const volumes =
    sidecar === undefined
      ? await volumesByNumber(name, given)
      : await volumesBySidecar(sidecar.document, given, [...new Set(paths.map(path => dirname(path)))], name)
  return {
    name,
    volumes,
    ...(await sidecarFiles(sidecar)),
  }
}

/** A file that may be one of a bundle. */
interface Part {
  readonly path: string
  /** false if only its directory was named */
  readonly isNamed: boolean
}

/**
 * The name and the sidecar of the bundle that files belong to. Both are undefined if none of them tells.
 * @throws `usage` for files of several bundles, because only one of them would be read
 */
async function oneBundle(parts: readonly Part[]) {
  const found = await Promise.all(
    parts.map(async ({ path, isNamed }) => {
      // A base name may end in a number, too, e.g. gitpod.2022.
      const sidecar = await firstThere([path, baseOf(path)].map(base => sidecarPath(base, false)))
      if (sidecar !== undefined) return { name: basename(sidecar).slice(0, -SIDECAR.length), sidecar }
      return !isNamed && path.endsWith('.001') ? { name: basename(baseOf(path)) } : {}
    }),
  )
  const names = [...new Set(found.flatMap(({ name }) => name ?? []))].sort()
  if (names.length > 1)
    throw new GpregError('usage', `there are ${names.length} bundles: ${names.join(', ')}`, {
      hint: 'name the file or the volumes of one of them',
    })
  return { bundle: names[0], sidecar: await readSidecar(found.find(({ sidecar }) => sidecar)?.sidecar) }
}

async function findDirectory(directory: string): Promise<BundleFiles> {
  const sidecar = await readSidecar(await firstThere([sidecarPath(directory, true)]))
  return {
    name: directory,
    directory,
    volumes: [],
    ...(await sidecarFiles(sidecar)),
  }
}

/** A sidecar, its signature, and the files that it lists beside the bundle: they are looked for where the sidecar is. */
async function sidecarFiles(
  sidecar: BundleFiles['sidecar'],
): Promise<Pick<BundleFiles, 'sidecar' | 'signature' | 'beside'>> {
  if (sidecar === undefined) return { beside: [] }
  const { beside = [] } = sidecar.document
  const found = beside.map(file => findFile(file, [join(dirname(sidecar.path), file.name)]))
  return { sidecar, ...(await signatureOf(sidecar.path)), beside: await Promise.all(found) }
}

/**
 * True for a directory with a file of an OCI layout, or without any volume or sidecar of a bundle.
 * @throws `input-invalid` for a directory that skopeo wrote
 */
async function isLayout(path: string): Promise<boolean> {
  if (!(await isDirectory(path))) return false
  const names = await reading(path, () => readdir(path))
  if (names.includes('version')) await assertNoTransport(path)
  return ['oci-layout', 'index.json', 'blobs'].some(name => names.includes(name)) || !names.some(isPart)
}

/** Refuses what `skopeo copy … dir:` wrote, because the manifests in it have the names of sidecars. @throws `input-invalid` */
async function assertNoTransport(directory: string): Promise<void> {
  const version = await readFile(join(directory, 'version'), 'utf8').catch(() => '')
  if (!version.startsWith('Directory Transport Version')) return
  throw new GpregError('input-invalid', `${directory} is no bundle: skopeo wrote it as dir:`, {
    path: directory,
    hint: `make a layout of it: skopeo copy --all dir:${directory} oci:LAYOUT:NAME`,
  })
}

/** The files that a path names. A directory, such as a mount point, names the volumes and sidecars in it. */
async function partsAt(path: string): Promise<Part[]> {
  if (!(await isDirectory(path))) return [{ path, isNamed: true }]
  const names = await reading(path, () => readdir(path))
  return names.filter(isPart).map(name => ({ path: join(path, name), isNamed: false }))
}

/**
 * True for the name of a volume or of a sidecar. macOS writes a file `._NAME` beside each file on a disk that cannot hold its attributes
 * (FAT, exFAT, SMB): such a file is nothing of a bundle.
 */
export function isPart(name: string): boolean {
  return VOLUME.test(name) ? !name.startsWith('._') : isSidecar(name)
}

export function isSidecar(name: string): boolean {
  return !name.startsWith('._') && SIDECARS.test(name)
}

const [VOLUME, SIDECARS, BESIDE] = [/\.\d{3,}$/, /\.manifest\.json$/i, /\.manifest\.json(?:\.sig)?$/i]

/** True for a sidecar and its signature, because they are not part of the archive. */
function isBeside(path: string): boolean {
  return BESIDE.test(path)
}

/** The base name of a file: `release.tar` for `release.tar`, `release.tar.002`, its sidecar and its signature. */
function baseOf(path: string): string {
  return path.replace(VOLUME, '').replace(BESIDE, '')
}

async function volumesBySidecar(
  { volumes }: Sidecar,
  given: ReadonlyMap<string, string>,
  directories: readonly string[],
  bundle: string,
): Promise<VolumeFile[]> {
  const listed = new Set(volumes.map(({ name }) => name.toLowerCase()))
  for (const [name, path] of given) {
    if (sameName(name, basename(bundle)) || listed.has(name.toLowerCase())) continue
    throw damaged(`${path} is no volume of ${bundle}`, path)
  }
  const named = new Map([...given].map(([name, path]) => [name.toLowerCase(), path]))
  return Promise.all(
    volumes.map(volume => {
      const { name } = volume
      const paths = directories.map(directory => join(directory, name))
      return findFile(volume, [named.get(name.toLowerCase()) ?? [], paths].flat())
    }),
  )
}

/** A file of a sidecar, at the first of the paths that has one. */
async function findFile({ name, ...expected }: SidecarFile, paths: readonly string[]): Promise<VolumeFile> {
  const path = await firstThere(paths)
  return path === undefined ? { name, size: 0, expected } : { name, path, expected, size: await sizeOf(path) }
}

/** Without a sidecar, the numbers in the names give the order. A missing last volume is found only when the archive is read. */
async function volumesByNumber(base: string, given: ReadonlyMap<string, string>): Promise<VolumeFile[]> {
  const numbered = [...given].filter(([name]) => VOLUME.test(name))
  for (const [name, path] of given)
    if (!VOLUME.test(name) && name !== basename(base)) throw damaged(`${path} is no volume of ${base}`, path)
  if (numbered.length === 0) {
    if ((await firstThere([base])) !== undefined)
      return [{ name: basename(base), path: base, size: await sizeOf(base) }]
    const found: [string, string][] = []
    for (let number = 1; ; number++) {
      const path = `${base}.${`${number}`.padStart(3, '0')}`
      if ((await firstThere([path])) === undefined) break
      found.push([basename(path), path])
    }
    if (found.length === 0)
      throw new GpregError('input-unreadable', `there is no bundle ${base}`, {
        path: base,
        hint: 'name the directory, the tar, the base name of the volumes, or the volumes themselves',
      })
    numbered.push(...found)
  }
  const sorted = numbered.toSorted(([a], [b]) => numberOf(a) - numberOf(b))
  for (const [index, [name, path]] of sorted.entries()) {
    if (baseOf(name) !== basename(base)) throw damaged(`${path} is no volume of ${base}`, path)
    if (numberOf(name) !== index + 1) {
      const missing = `${base}.${`${index + 1}`.padStart(3, '0')}`
      throw damaged(`${missing} is missing`, missing)
    }
  }
  return Promise.all(sorted.map(async ([name, path]) => ({ name, path, size: await sizeOf(path) })))
}

function numberOf(name: string): number {
  return Number(/\d+$/.exec(name)?.[0])
}

/** Limit in bytes: few enough to keep in memory, and more than any lock that is written (64 MiB) has with the volumes. */
const MAX_SIDECAR = 128 * 1024 * 1024

/** Limit in bytes. A signature of P-256 has some 70 bytes. */
const MAX_SIGNATURE = 64 * 1024

async function readSidecar(path: string | undefined): Promise<BundleFiles['sidecar']> {
  if (path === undefined) return undefined
  if ((await sizeOf(path)) > MAX_SIDECAR) throw damaged(`${path} is larger than any sidecar`, path)
  const bytes = await reading(path, () => readFile(path))
  return { path, bytes, document: parseSidecar(bytes.toString('utf8'), path) }
}

async function signatureOf(sidecar: string): Promise<{ signature?: Buffer }> {
  const path = await firstThere([signaturePath(sidecar)])
  if (path === undefined) return {}
  if ((await sizeOf(path)) > MAX_SIGNATURE) throw damaged(`${path} is larger than any signature`, path)
  return { signature: await reading(path, () => readFile(path)) }
}

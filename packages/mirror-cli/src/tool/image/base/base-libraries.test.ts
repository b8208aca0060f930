import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { MemoryStore, push, type Descriptor, type ReadableRepository } from '@gpreg/oci'
import { pack } from 'tar-stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { assertLibraries } from './base-libraries.ts'
import { readElfNeeds } from './elf-needs.ts'

const OCI = 'application/vnd.oci.image.layer.v1.tar'
const DOCKER_GZIP = 'application/vnd.docker.image.rootfs.diff.tar.gzip'
const { signal } = new AbortController()

async function tarOf(names: readonly string[]): Promise<Buffer> {
  const tar = pack()
  for (const name of names) tar.entry({ name }, 'content')
  tar.finalize()
  return buffer(tar)
}

/** A repository that notes which layers are read. */
class Base {
  readonly read: string[] = []
  readonly layers: Descriptor[] = []
  readonly #artifact = new MemoryStore().artifact('base:1')

  async add(content: Buffer, mediaType: string): Promise<void> {
    this.layers.push(await push(this.#artifact, content, { mediaType }))
  }

  check(node: string): Promise<void> {
    const { repository } = this.#artifact.target
    const noting: ReadableRepository = {
      name: 'base',
      resolve: reference => repository.resolve(reference),
      exists: descriptor => repository.exists(descriptor),
      fetch: descriptor => {
        this.read.push(descriptor.digest)
        return repository.fetch(descriptor)
      },
    }
    const platform = { os: 'linux', architecture: 'amd64' }
    const image = { node: { path: node, architecture: 'amd64' }, platform, config: {}, digest: '' }
    return assertLibraries({ ...image, layers: this.layers }, noting, 'base:1', signal)
  }
}

describe.runIf(process.platform === 'linux')('a base of the image, for the Node that runs this', async () => {
  const needs = (await readElfNeeds(process.execPath))!
  const libraries = needs.libraries.map(name => `usr/lib/x86_64-linux-gnu/${name}`)
  const refused = (message: string) => ({
    code: 'input-invalid',
    message: expect.stringContaining(message),
    hint: expect.stringContaining('--base gcr.io/distroless/cc-debian12'),
  })

  it('needs a loader, glibc of some version, and libstdc++', () => {
    expect(needs.libraries).toEqual(
      expect.arrayContaining([expect.stringMatching(/^ld-linux/), 'libc.so.6', 'libstdc++.so.6']),
    )
    expect(needs.glibc).toBeGreaterThan(16)
  })

  it('passes with all libraries, and nothing is read after they are found', async () => {
    const base = new Base()
    await base.add(gzipSync(await tarOf(['bin/sh', ...libraries])), `${OCI}+gzip`)
    await base.add(gzipSync(await tarOf(['app'])), `${OCI}+gzip`)
    await base.check(process.execPath)
    expect(base.read).toEqual([base.layers[0]!.digest])
  })

  it('passes with libraries in several layers, whatever compresses them', async () => {
    const base = new Base()
    const parts = [libraries.slice(0, 1), libraries.slice(1, 3), libraries.slice(3)]
    const [first, second, third] = await Promise.all(parts.map(tarOf))
    await base.add(first!, OCI)
    await base.add(zstdCompressSync(second!), `${OCI}+zstd`)
    await base.add(gzipSync(third!), DOCKER_GZIP)
    await base.check(process.execPath)
    expect(base.read).toHaveLength(3)
  })

  it.each([
    ['musl', ['lib/ld-musl-x86_64.so.1', 'bin/busybox'], 'it has musl, and this Node needs glibc'],
    ['an old glibc', ['lib64/libc-2.12.so', ...libraries], 'it has glibc 2.12, and this Node needs 2.'],
    ['nothing', ['app'], 'it lacks ld-linux'],
    ['no C++', libraries.filter(name => !name.includes('stdc++')), 'it lacks libstdc++.so.6'],
  ])('with %s is refused', async (_, names, message) => {
    const base = new Base()
    await base.add(gzipSync(await tarOf(names)), `${OCI}+gzip`)
    await expect(base.check(process.execPath)).rejects.toMatchObject(refused(message))
  })

  it('without layers is refused', () =>
    expect(new Base().check(process.execPath)).rejects.toMatchObject(refused('it lacks ld-linux')))

  it('passes with a glibc that is new enough, and with layers that cannot be unpacked', async () => {
    const base = new Base()
    await base.add(gzipSync(await tarOf([`lib/libc-2.${needs.glibc}.so`, ...libraries])), `${OCI}+gzip`)
    await base.check(process.execPath)
    const unknown = new Base()
    await unknown.add(Buffer.from('no tar'), `${OCI}+gzip`)
    await unknown.check(process.execPath)
  })
})

describe('what is no program with libraries needs none', () => {
  let directory: string
  beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-elf-'))))
  afterEach(() => rm(directory, { recursive: true }))

  it.each([
    ['a text', Buffer.from('#!/bin/sh\n')],
    ['a program of 32 bits', Buffer.from('\x7fELF\x01\x01'.padEnd(64, '\0'), 'latin1')],
    ['a program without segments', Buffer.from('\x7fELF\x02\x01'.padEnd(64, '\0'), 'latin1')],
  ])('%s', async (_, content) => {
    const path = join(directory, 'node')
    await writeFile(path, content)
    expect(await readElfNeeds(path)).toBeUndefined()
    await new Base().check(path)
  })
})

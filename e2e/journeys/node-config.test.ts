import { readdir, readFile, stat } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startContainerd, type Containerd } from '../support/containerd.ts'
import { gpreg } from '../support/gpreg.ts'
import { makeImage, makeIndex, makeLayer } from '../support/images.ts'
import { startInternalRegistry, type InternalRegistry } from '../support/internal-registry.ts'
import { needsNamespace, startNamespace, type Namespace } from '../support/namespace.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { sourceMirrors, startUpstream } from '../support/upstream.ts'

const AMD64 = { os: 'linux', architecture: 'amd64' }

const images = new Map([
  ['docker.io/library/redis:6.2', makeIndex([[AMD64, makeImage([makeLayer('redis', 20_000)])]])],
  ['quay.io/brancz/kube-rbac-proxy:v0.12.0', makeImage([makeLayer('proxy', 10_000)], 'docker')],
  ['eu.gcr.io/gitpod-core-dev/build/server:commit-1', makeImage([makeLayer('server', 10_000)])],
])

describe.skipIf(needs('docker-registry', 'htpasswd', 'openssl', 'containerd', 'ctr') || needsNamespace())(
  'a node that reaches the internal registry and nothing else',
  () => {
    let internal: InternalRegistry
    let namespace: Namespace
    let containerd: Containerd
    let directory: TemporaryDirectory

    beforeAll(async () => {
      directory = await temporaryDirectory()
      internal = await startInternalRegistry()
      await mirrorBySource(internal)
      namespace = await startNamespace(internal.witness.host)
      containerd = await startContainerd(namespace)
    })

    afterAll(async () => {
      await containerd?.stop()
      await namespace?.[Symbol.asyncDispose]()
      await internal?.[Symbol.asyncDispose]()
      await directory?.[Symbol.asyncDispose]()
    })

    const list = [...images.keys()].flatMap(reference => ['--image', reference])
    const configure = async (name: string) => {
      const nodes = directory.join(name)
      const run = await gpreg(['node-config', ...list, '--to', internal.to, ...internal.flags, '-o', nodes])
      expect(run.exitCode, run.stderr).toBe(0)
      return { certsDirectory: `${nodes}/certs.d`, credentials: internal.credentials }
    }

    it('pulls images by their original names', async () => {
      const node = await configure('nodes')
      for (const [reference, image] of images) {
        await containerd.pull(reference, node)
        const [row] = (await containerd.ctr('images', 'list', `name==${reference}`)).split('\n').slice(1)
        expect(row).toContain(image.manifest.digest)
      }
    })

    it('pulls images by their names in the mirror', async () => {
      await containerd.pull(`${internal.to}/library/redis:6.2`, await configure('own'))
    })

    it('asks no other registry for a missing image', async () => {
      const node = await configure('absent')
      const failure = await containerd
        .pull('docker.io/library/absent:1', node)
        .catch((error: Error) => error.message)
      expect(failure).toContain('docker.io/library/absent:1: not found')
      expect(failure).not.toContain('registry-1.docker.io')
    })

    it('can pull no image without the configuration', async () => {
      const { credentials } = internal
      for (const reference of images.keys()) {
        await containerd.ctr('images', 'remove', reference)
        await expect(containerd.pull(reference, { credentials })).rejects.toThrow(/dial|lookup/)
      }
    })
  },
)

describe('gpreg node-config', () => {
  const TO = ['--to', 'registry.internal/gitpod']
  const login = { stdin: '{"username":"node","password":"correct horse"}' }
  let directory: TemporaryDirectory

  beforeAll(async () => {
    directory = await temporaryDirectory()
  })
  afterAll(() => directory[Symbol.asyncDispose]())

  it('writes files for every host of the known releases if no image set is given', async () => {
    const nodes = directory.join('all')
    const run = await gpreg(['node-config', ...TO, '-o', nodes])
    expect(run.exitCode, run.stderr).toBe(0)
    const hosts = ['b.gcr.io', 'docker.io', 'eu.gcr.io', 'quay.io']
    expect(await readdir(`${nodes}/certs.d`)).toEqual(hosts)
    expect(run.stdout).toContain('/etc/containerd/certs.d/quay.io/hosts.toml')
    expect(run.stderr).toContain('--to registry.internal/gitpod --naming installer --naming source')
  })

  it('writes a login only if it is asked to', async () => {
    const nodes = directory.join('login')
    const args = ['node-config', ...TO, '--image', 'redis', '--credentials', '-']
    const refused = await gpreg(args, login)
    expect(refused.exitCode).toBe(2)

    const written = await gpreg([...args, '-o', nodes, '--json'], login)
    expect(written.exitCode, written.stderr).toBe(0)
    expect(written.stdout + written.stderr).not.toContain('correct horse')
    const { kind, files } = written.json()
    expect(kind).toBe('NodeConfig')
    expect(files.map(({ path, mode }: Record<string, string>) => [path, mode])).toEqual([
      ['certs.d/docker.io/hosts.toml', '0644'],
      ['registries.yaml', '0600'],
    ])
    expect(files[0].content).toBe(await readFile(`${nodes}/certs.d/docker.io/hosts.toml`, 'utf8'))
    expect(await readFile(`${nodes}/registries.yaml`, 'utf8')).toContain('password: correct horse')
    expect((await stat(`${nodes}/registries.yaml`)).mode & 0o777).toBe(0o600)

    const shown = await gpreg([...args, '-o', '-'], login)
    expect(shown.stdout).toContain('password: correct horse')
  })

  it('overwrites a different file only with --force', async () => {
    const nodes = directory.join('again')
    const write = (prefix: string, ...more: string[]) =>
      gpreg(['node-config', '--image', 'redis', '--to', `registry.internal/${prefix}`, '-o', nodes, ...more])
    expect((await write('one')).exitCode).toBe(0)
    expect((await write('one')).exitCode).toBe(0)
    const refused = await write('two')
    expect(refused.exitCode).toBe(2)
    expect(refused.stderr).toContain('--force')
    expect((await write('two', '--force')).exitCode).toBe(0)
    expect(await readFile(`${nodes}/registries.yaml`, 'utf8')).toContain('registry.internal/v2/two')
  })
})

/** Mirrors the images under the names that `gpreg node-config` expects. */
async function mirrorBySource(internal: InternalRegistry): Promise<void> {
  await using upstream = await startUpstream()
  for (const [reference, image] of images) await upstream.add(reference, image)
  const from = sourceMirrors(upstream.host, images.keys())
  const to = ['--to', internal.to, '--naming', 'source', ...internal.flags]
  const run = await gpreg(['mirror', '--images', '-', ...from, ...to], {
    stdin: [...images.keys()].join('\n'),
  })
  expect(run.exitCode, run.stderr).toBe(0)
}

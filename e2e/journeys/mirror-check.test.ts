import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gpreg } from '../support/gpreg.ts'
import { makeImage, makeLayer, type Image } from '../support/images.ts'
import { startInternalRegistry, type InternalRegistry } from '../support/internal-registry.ts'
import { loseBlob } from '../support/registry.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { sourceMirrors, startUpstream, type Upstream } from '../support/upstream.ts'

const NAMES = [
  'eu.gcr.io/gitpod-core-dev/build/server:commit-1',
  'docker.io/gitpod/workspace-full:latest',
  'docker.io/library/redis:6.2',
]

describe.skipIf(needs('docker-registry', 'htpasswd', 'openssl'))('values check --mirror-check', () => {
  let directory: TemporaryDirectory
  let upstream: Upstream
  let registry: InternalRegistry
  let config: string
  let list: string
  let lock: string
  const images = new Map<string, Image>()

  beforeAll(async () => {
    directory = await temporaryDirectory()
    upstream = await startUpstream()
    registry = await startInternalRegistry()
    for (const name of NAMES) {
      images.set(name, makeImage([makeLayer(name, 1000)]))
      await upstream.add(name, images.get(name)!)
    }
    list = directory.join('images.txt')
    lock = directory.join('gpreg.lock.json')
    config = directory.join('gitpod.config.yaml')
    await writeFile(list, NAMES.join('\n'))
    const sources = sourceMirrors(upstream.host, NAMES)
    const locked = await gpreg(['lock', '--images', list, ...sources, '--to', registry.to, '-o', lock])
    expect(locked.exitCode, locked.stderr).toBe(0)
    const run = await gpreg(['mirror', '--lock', lock, ...sources, '--to', registry.to, ...registry.flags])
    expect(run.exitCode, run.stderr).toBe(0)
    const values = await gpreg(
      ['values', 'external', '--single-registry', '--domain', 'gitpod.example.com'].concat(
        ['--registry', registry.to, '--ca-file', registry.certificates.caFile],
        ['--secrets', directory.join('secrets'), '-o', config],
      ),
    )
    expect(values.exitCode, values.stderr).toBe(0)
  })

  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]()
    await upstream?.stop()
    await directory?.[Symbol.asyncDispose]()
  })

  const check = (...more: string[]) =>
    gpreg(['values', 'check', config, '--mirror-check', ...registry.flags, '--json', ...more])
  const findings = async (...more: string[]) => {
    const run = await check(...more)
    const errors = run.json().findings.filter(({ level }: { level: string }) => level === 'error')
    return { exitCode: run.exitCode, errors, stderr: run.stderr }
  }

  it.each([
    ['a lock', () => ['--lock', lock]],
    ['a list, without asking any source', () => ['--images', list]],
    [
      'a lock, without reading the release whose rules apply',
      () => ['--lock', lock, '--release', '2022.08.0', ...sourceMirrors(upstream.host, NAMES)],
    ],
  ])('finds no problem in a complete mirror, by %s', async (_, from) => {
    expect(await findings(...from())).toMatchObject({ exitCode: 0, errors: [] })
  })

  it('requires an image set or a lock', async () => {
    const run = await gpreg(['values', 'check', config, '--mirror-check'])
    expect(run.exitCode).toBe(2)
    expect(run.stderr).toContain('--lock')
  })

  it('names missing and incomplete images, at the field that makes the cluster pull them', async () => {
    const broken = images.get(NAMES[0]!)!.blobs[0]!
    await loseBlob(registry.registry, broken.digest)
    await writeFile(
      list,
      [...NAMES, 'docker.io/bitnami/rabbitmq:3', 'docker.io/library/mysql:5.7.34'].join('\n'),
    )
    const { exitCode, errors } = await findings('--images', list)
    expect(exitCode).toBe(4)
    // The database is in the cluster, so the client of an external one is not pulled.
    expect(errors).toEqual([
      expect.objectContaining({
        code: 'image-missing',
        path: 'repository',
        message: expect.stringContaining(`${registry.to}/bitnami/rabbitmq:3`),
        line: expect.any(Number),
      }),
      expect.objectContaining({
        code: 'image-incomplete',
        message: expect.stringContaining(`${registry.to}/server:commit-1`),
      }),
    ])
  })

  it('names a missing base image at its own field', async () => {
    const base = images.get(NAMES[1]!)!
    await loseBlob(registry.registry, base.manifest.digest)
    const { errors } = await findings('--images', list)
    expect(errors).toContainEqual(expect.objectContaining({ path: 'workspace.workspaceImage' }))
  })
})

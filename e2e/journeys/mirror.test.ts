import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startContainerd } from '../support/containerd.ts'
import { startCountingProxy, type CountingProxy } from '../support/counting-proxy.ts'
import { gpreg } from '../support/gpreg.ts'
import { bytesOf, unique, type Image } from '../support/images.ts'
import { startInternalRegistry, type InternalRegistry } from '../support/internal-registry.ts'
import { loseBlob } from '../support/registry.ts'
import { releaseImages } from '../support/release.ts'
import { expectImage } from '../support/skopeo.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { sourceMirrors, startUpstream, type Upstream } from '../support/upstream.ts'

describe.skipIf(needs('docker-registry', 'htpasswd', 'openssl', 'skopeo'))(
  'a release mirrored between two registries',
  () => {
    let upstream: Upstream
    let source: CountingProxy
    let directory: TemporaryDirectory
    let images: ReadonlyMap<string, Image>
    let list: string
    let from: string[]

    beforeAll(async () => {
      upstream = await startUpstream()
      source = await startCountingProxy({ to: upstream.url })
      directory = await temporaryDirectory()
      const release = releaseImages()
      for (const [reference, image] of release) await upstream.add(reference, image)
      images = new Map([...release, pinned(release, 'docker.io/library/mysql:5.7.34')])
      from = sourceMirrors(source.host, images.keys())
      list = directory.join('images.txt')
      await writeFile(list, `# a release\n${[...images.keys()].join('\n')}\n`)
    })

    afterAll(async () => {
      await source?.stop()
      await upstream?.stop()
      await directory?.[Symbol.asyncDispose]()
    })

    const mirror = (internal: InternalRegistry, ...more: string[]) =>
      gpreg(['mirror', '--images', list, ...from, '--to', internal.to, ...internal.flags, '--json', ...more])
    const verify = (internal: InternalRegistry, ...more: string[]) =>
      gpreg(['verify', '--images', list, ...from, '--to', internal.to, ...internal.flags, '--json', ...more])
    const count = (internal: InternalRegistry) => source.count({}) + internal.witness.count({})
    const clear = (internal: InternalRegistry) => {
      source.clear()
      internal.witness.clear()
    }

    it('copies each blob once and every manifest byte for byte', async () => {
      await using internal = await startInternalRegistry()
      const run = await mirror(internal)
      expect(run.exitCode, run.stderr).toBe(0)
      const result = run.json()
      expect(result).toMatchObject({
        kind: 'MirrorResult',
        version: 1,
        totals: { images: images.size, copied: images.size, upToDate: 0, failed: 0 },
      })

      const blobs = unique([...images.values()].flatMap(image => image.blobs))
      expect(internal.witness.blobBytesReceived()).toBe(bytesOf(blobs))
      expect(result.totals.bytes).toMatchObject({ unique: bytesOf(blobs), sent: bytesOf(blobs) })
      expect(result.totals.blobs).toMatchObject({ unique: blobs.length, sent: blobs.length })

      expect(result.images).toHaveLength(images.size)
      for (const { source, target, digest } of result.images) {
        const image = images.get(source)!
        expect(digest).toBe(image.manifest.digest)
        await expectImage(target, image, internal.skopeo)
      }
    })

    it('sends nothing the second time, with two requests for each image, or one with a lock', async () => {
      await using internal = await startInternalRegistry()
      // A name without a tag has no mark of a complete image, so gpreg checks its content each time.
      const tagged = [...images.keys()].filter(name => !name.includes('@'))
      const lock = directory.join('gpreg.lock.json')
      const locked = await gpreg(['lock', '--images', '-', ...from, '-o', lock], { stdin: tagged.join('\n') })
      expect(locked.exitCode, locked.stderr).toBe(0)
      const first = await mirror(internal)
      expect(first.exitCode, first.stderr).toBe(0)

      clear(internal)
      const again = await mirror(internal, '--exclude', '*@sha256:*')
      expect(again.exitCode, again.stderr).toBe(0)
      expect(again.json().totals).toMatchObject({
        upToDate: tagged.length,
        copied: 0,
        bytes: { sent: 0 },
        blobs: { sent: 0 },
      })
      expect(internal.witness.count({ kind: 'upload' })).toBe(0)
      expect(count(internal)).toBeLessThanOrEqual(2 * tagged.length + CHALLENGE)

      clear(internal)
      const withLock = await gpreg([
        'mirror',
        '--lock',
        lock,
        '--to',
        internal.to,
        ...internal.flags,
        '--json',
      ])
      expect(withLock.exitCode, withLock.stderr).toBe(0)
      expect(withLock.json().totals).toMatchObject({ upToDate: tagged.length, failed: 0 })
      expect(source.count({})).toBe(0)
      expect(count(internal)).toBeLessThanOrEqual(tagged.length + CHALLENGE)
    })

    it('verifies the target, and names content that a disk has lost', async () => {
      await using internal = await startInternalRegistry()
      expect((await mirror(internal)).exitCode).toBe(0)
      for (const flags of [[], ['--deep']]) {
        const sound = await verify(internal, ...flags)
        expect(sound.exitCode, sound.stderr).toBe(0)
        expect(sound.json()).toMatchObject({
          kind: 'VerifyResult',
          totals: { images: images.size, ok: images.size },
        })
      }

      const lost = images.get('docker.io/library/alpine:3.16')!.blobs.at(-1)!
      await loseBlob(internal.registry, lost.digest)
      const damaged = await verify(internal)
      expect(damaged.exitCode, damaged.stderr).toBe(4)
      const wrong = damaged.json().images.filter(({ status }: { status: string }) => status !== 'ok')
      expect(wrong).toEqual([
        expect.objectContaining({ target: `${internal.to}/library/alpine:3.16`, status: 'incomplete' }),
      ])
      expect(wrong[0].problems).toContainEqual(expect.objectContaining({ digest: lost.digest }))
    })

    it.skipIf(needs('containerd', 'ctr'))('makes images that containerd unpacks', async () => {
      await using internal = await startInternalRegistry()
      expect((await mirror(internal)).exitCode).toBe(0)
      await using containerd = await startContainerd()
      for (const name of ['library/redis:6.2', 'server:commit-1', 'ide/intellij:commit-1']) {
        await containerd.pull(`${internal.to}/${name}`, {
          caFile: internal.certificates.caFile,
          credentials: internal.credentials,
        })
      }
      expect((await containerd.ctr('images', 'list', '-q')).trim().split('\n')).toHaveLength(3)
    })

    it('reads the JSON of gitpod-installer mirror list and uses its targets', async () => {
      await using internal = await startInternalRegistry()
      const pairs = ['docker.io/library/redis:6.2', 'quay.io/brancz/kube-rbac-proxy:v0.12.0'].map(
        original => ({
          original,
          target: `${internal.witness.host}/elsewhere/${original.replace(/^.*\//, '')}`,
        }),
      )
      const run = await gpreg(['mirror', '--images', '-', ...from, ...internal.flags, '--json'], {
        stdin: JSON.stringify(pairs),
      })
      expect(run.exitCode, run.stderr).toBe(0)
      for (const { original, target } of pairs)
        await expectImage(target, images.get(original)!, internal.skopeo)
    })

    it('shows the plan and sends nothing with --dry-run', async () => {
      await using internal = await startInternalRegistry()
      const run = await mirror(internal, '--dry-run')
      expect(run.exitCode, run.stderr).toBe(0)
      const blobs = unique([...images.values()].flatMap(image => image.blobs))
      expect(run.json()).toMatchObject({
        kind: 'MirrorPlan',
        totals: { toCopy: images.size, bytes: { unique: bytesOf(blobs), send: bytesOf(blobs) } },
      })
      expect(internal.witness.count({ kind: 'upload' })).toBe(0)
    })
  },
)

/** Each registry may receive one request that asks for the kind of login. */
const CHALLENGE = 2

/** Makes an image with the same content, referenced by digest. */
function pinned(images: ReadonlyMap<string, Image>, reference: string): [string, Image] {
  const image = images.get(reference)!
  return [`${reference.replace(/:[^:/]*$/, '')}@${image.manifest.digest}`, image]
}

import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startContainerd } from '../support/containerd.ts'
import { GPREG, isolatedEnvironment } from '../support/gpreg.ts'
import { bytesOf, makeImage, makeLayer, unique, type Image, type Layer } from '../support/images.ts'
import { needsNamespace, startNamespace, type Namespace } from '../support/namespace.ts'
import { runProcess, startProcess } from '../support/process.ts'
import { startRegistry, type Registry } from '../support/registry.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { sourceMirrors, startUpstream, type Upstream } from '../support/upstream.ts'

const IMAGES = 8
const LAYER = 1_500_000

/** Two networks that share a directory and have no connection. */
describe.skipIf(needs('docker-registry', 'openssl', 'containerd', 'ctr', 'ip') || needsNamespace())(
  'across the gap',
  () => {
    let disk: TemporaryDirectory
    let upstream: Upstream
    let internal: Registry
    let outside: Namespace
    let inside: Namespace
    let base: Layer
    const images = new Map<string, Image>()
    const nameOf = (index: number) => `docker.io/library/app-${index}:1`

    const run = async (network: Namespace, args: string[]) => {
      const env = isolatedEnvironment(disk.join('home'))
      return runProcess(...network.inside(process.execPath, [GPREG, ...args]), { env })
    }
    const must = async (network: Namespace, args: string[]) => {
      const { exitCode, stdout, stderr } = await run(network, args)
      expect(exitCode, `${args.join(' ')}\n${stderr}`).toBe(0)
      return args.includes('--json') ? JSON.parse(stdout) : stdout
    }
    const save = async (name: string, ...more: string[]) => {
      const list = disk.join('images.txt')
      await writeFile(list, [...images.keys()].join('\n'))
      const from = sourceMirrors(upstream.host, images.keys())
      return must(outside, [
        'bundle',
        'save',
        '--images',
        list,
        ...from,
        '-o',
        disk.join(name),
        '--json',
        ...more,
      ])
    }

    beforeAll(async () => {
      disk = await temporaryDirectory()
      await mkdir(disk.join('home'))
      upstream = await startUpstream()
      internal = await startRegistry()
      outside = await startNamespace(upstream.host)
      inside = await startNamespace(internal.host)
      base = makeLayer('base', 4_000_000)
      for (let index = 0; index < IMAGES; index++)
        images.set(
          nameOf(index),
          makeImage([base, makeLayer(`own-${index}`, LAYER)], index % 2 ? 'oci' : 'docker'),
        )
      for (const [name, image] of images) await upstream.add(name, image)
      for (const args of [
        ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', disk.join('key.pem')],
        ['ec', '-in', disk.join('key.pem'), '-pubout', '-out', disk.join('pub.pem')],
      ])
        expect((await runProcess('openssl', args)).exitCode).toBe(0)
    })

    afterAll(async () => {
      await inside?.[Symbol.asyncDispose]()
      await outside?.[Symbol.asyncDispose]()
      await internal?.stop()
      await upstream?.stop()
      await disk?.[Symbol.asyncDispose]()
    })

    it('a release crosses in signed volumes and is served from them, and the next release crosses as a differential bundle', async () => {
      const unreachable = await run(inside, [
        'lock',
        '--image',
        `${upstream.host}/docker.io/library/app-0:1`,
        '-o',
        '-',
      ])
      expect(unreachable.exitCode).toBe(6)

      const saved = await save('release.tar', '--volume-size', '5MB', '--sign-key', disk.join('key.pem'))
      const total = saved.volumes.reduce((sum: number, { size }: { size: number }) => sum + size, 0)
      const all = bytesOf(unique([...images.values()].flatMap(({ blobs }) => blobs)))
      expect(total).toBeLessThan(all * 1.01)
      const signature = disk.join('release.tar.manifest.json.sig')
      const checked = await runProcess('openssl', [
        ...['dgst', '-sha256', '-verify', disk.join('pub.pem'), '-signature', signature],
        disk.join('release.tar.manifest.json'),
      ])
      expect(checked.stdout).toContain('Verified OK')

      const [bundle, key] = [disk.join('release.tar'), ['--key', disk.join('pub.pem')]]
      const verified = await must(inside, ['bundle', 'verify', bundle, ...key, '--json'])
      expect(verified).toMatchObject({ signature: 'valid', problems: [], resend: [] })

      await using server = startProcess(
        ...inside.inside(process.execPath, [GPREG, 'serve', bundle, ...key, '--listen', '127.0.0.1:5999']),
        { env: isolatedEnvironment(disk.join('home')) },
      )
      await server.output(/serving/)
      await using node = await startContainerd(inside)
      await node.pull('127.0.0.1:5999/library/app-0:1')

      const to = `${internal.host}/gitpod`
      const receipt = disk.join('receipt.json')
      const loaded = await must(inside, [
        'bundle',
        'load',
        bundle,
        ...key,
        '--to',
        to,
        '--receipt',
        receipt,
        '--json',
      ])
      expect(loaded.totals).toMatchObject({ copied: IMAGES, failed: 0, bytes: { sent: all } })
      await must(inside, ['verify', '--bundle', bundle, '--to', to, '--deep'])
      await node.pull(`${to}/library/app-1:1`)

      // Three images change in the next release.
      const changed = [0, 1, 2].map(index => {
        const next = makeImage([base, makeLayer(`next-${index}`, LAYER)], index % 2 ? 'oci' : 'docker')
        images.set(nameOf(index), next)
        return next
      })
      for (const index of [0, 1, 2]) await upstream.add(nameOf(index), images.get(nameOf(index))!)
      const update = await save('update.tar', '--since', receipt)
      const fresh = bytesOf(
        unique(changed.flatMap(({ blobs }) => blobs)).filter(({ bytes }) => bytes !== base.bytes),
      )
      expect((await stat(disk.join('update.tar'))).size).toBeLessThan(fresh * 1.01)
      expect(update.leftOut.blobs).toBeGreaterThan(0)

      // Without the base, gpreg names the images that need it and writes no tag for them.
      await using empty = await startRegistry()
      await using elsewhere = await startNamespace(empty.host)
      const refused = await run(elsewhere, [
        'bundle',
        'load',
        disk.join('update.tar'),
        '--to',
        `${empty.host}/gitpod`,
        '--json',
      ])
      expect(refused.exitCode).toBe(3)
      const partial = JSON.parse(refused.stdout)
      expect(partial.totals).toMatchObject({ copied: 0, failed: IMAGES })
      expect(partial.missing.length).toBe(update.leftOut.blobs)
      for (const { bundle: had } of partial.missing) expect(had).toContain('release.tar')
      for (const { target, status } of partial.images) {
        const path = target.slice(empty.host.length + 1).replace(/:1$/, '/manifests/1')
        const answer = await fetch(new URL(`/v2/${path}`, empty.url), { method: 'HEAD', headers: ACCEPT })
        expect(answer.ok, target).toBe(status === 'copied')
      }

      const next = await must(inside, ['bundle', 'load', disk.join('update.tar'), '--to', to, '--json'])
      expect(next.totals).toMatchObject({
        copied: 3,
        upToDate: IMAGES - 3,
        failed: 0,
        bytes: { sent: fresh },
      })
      await must(inside, ['verify', '--bundle', disk.join('update.tar'), '--to', to, '--deep'])
    })

    it('damage is refused with the name of the damaged file, which must be sent again', async () => {
      const names = (await readdir(disk.path)).filter(name => name.startsWith('release.tar.'))
      const damagedCopy = async (change: (at: (name: string) => string) => Promise<unknown>) => {
        const directory = await temporaryDirectory(disk.path)
        for (const name of names) await copyFile(disk.join(name), directory.join(name))
        await change(name => directory.join(name))
        return directory
      }
      const flip = async (path: string, at: number) => {
        const bytes = await readFile(path)
        bytes[at]! ^= 1
        await writeFile(path, bytes)
      }
      const key = ['--key', disk.join('pub.pem')]
      const volume = 'release.tar.002'
      const cases: [string, (at: (name: string) => string) => Promise<unknown>, RegExp][] = [
        ['a blob', at => flip(at(volume), 2_000_000), /send again: release\.tar\.002/],
        ['a header', at => flip(at('release.tar.001'), 20), /send again: release\.tar\.001/],
        [
          'a cut volume',
          async at => writeFile(at(volume), (await readFile(at(volume))).subarray(0, 1000)),
          /002 has 1000 bytes/,
        ],
        ['a missing volume', at => rm(at(volume)), /release\.tar\.002 is missing/],
        [
          'the sidecar',
          at => flip(at('release.tar.manifest.json'), 500),
          /manifest\.json (is not from the key|is damaged)/,
        ],
        [
          'the signature',
          at => flip(at('release.tar.manifest.json.sig'), 30),
          /signature of .* is not from the key/,
        ],
        ['no signature', at => rm(at('release.tar.manifest.json.sig')), /is not signed/],
        [
          'volumes mixed up',
          async at => copyFile(disk.join('release.tar.001'), at(volume)),
          /send again: release\.tar\.002/,
        ],
      ]
      for (const [what, change, message] of cases) {
        await using directory = await damagedCopy(change)
        const { exitCode, stdout, stderr } = await run(inside, [
          'bundle',
          'verify',
          directory.join('release.tar'),
          ...key,
        ])
        expect([exitCode, `${stdout}${stderr}`], what).toEqual([4, expect.stringMatching(message)])
      }
      await writeFile(disk.join('other.tar.001'), 'foreign')
      const volumes = names.filter(name => /\d$/.test(name)).map(name => disk.join(name))
      const foreign = await run(inside, ['bundle', 'verify', ...volumes, disk.join('other.tar.001')])
      expect([foreign.exitCode, foreign.stderr]).toEqual([
        4,
        expect.stringContaining('other.tar.001 is no volume'),
      ])
    })
  },
)

const ACCEPT = {
  accept: 'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json',
}

import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { gpreg } from '../support/gpreg.ts'
import { bytesOf, unique, type Content } from '../support/images.ts'
import { digestsOf, finishedUploads, killInMidCopy, type Upload } from '../support/mid-copy.ts'
import { uploadedBytes } from '../support/reverse-proxy.ts'
import type { Server, ServerKind } from './server-kinds.ts'
import { resultsOf, type Site } from './site.ts'

const REDIS = 'docker.io/library/redis:6.2'

/** One thing that gpreg does with a registry. Returns what the table says about it. */
export interface Step {
  readonly name: string
  run(kind: ServerKind, site: Site): Promise<string>
}

/** The steps of a registry with itself. Source and target are servers of the same kind. */
export const STEPS: readonly Step[] = [
  { name: 'kill -9 in the middle, then mirror', run: kill },
  { name: 'doctor', run: doctor },
  { name: 'bundle save from it', run: async (kind, site) => (await save(kind, site), 'ok') },
  { name: 'bundle load into it', run: load },
  { name: 'lost blobs, verify, mirror --repair', run: loseAndRepair },
  { name: 'garbage-collect -m, verify, mirror --repair', run: collectAndRepair },
]

async function kill(kind: ServerKind, site: Site): Promise<string> {
  await using target = await kind.start()
  await using proxy = await startFaultProxy({ to: target.url })
  const command = ['mirror', ...site.input(kind), '--to', `${proxy.host}/gitpod`, '--json']
  const finished = await killInMidCopy(proxy, command)
  const second = await gpreg(command)
  await site.expectWhole(second)
  const left = blobsOf(site).filter(({ digest }) => !digestsOf(finished).has(digest))
  const sent = finishedUploads(proxy.exchanges)
  if (!kind.mounts) return sentAgain(site, finished, sent)
  expect(digestsOf(sent)).toEqual(digestsOf(left))
  expect(uploadedBytes(proxy.exchanges)).toBe(bytesOf(left))
  return 'ok'
}

/** Where nothing is mounted, blobs go to each repository. None goes to one that has it, but those that cost less than a question. */
function sentAgain(site: Site, finished: readonly Upload[], sent: readonly Upload[]): string {
  const sizes = new Map(blobsOf(site).map(({ digest, bytes }) => [digest, bytes.byteLength]))
  const again = sent.filter(one => finished.some(other => isDeepStrictEqual(one, other)))
  for (const { digest } of again) expect(sizes.get(digest)).toBeLessThan(64 * 1024)
  return again.length === 0 ? 'ok' : 'ok, but sends small blobs again'
}

/** Runs doctor. A warning is an outcome; a check that fails is not expected from any server. */
async function doctor(kind: ServerKind): Promise<string> {
  await using target = await kind.start()
  const run = await gpreg(['doctor', `${target.host}/gitpod`, '--large-upload', '8', '--json'])
  expect(run.exitCode, run.stdout + run.stderr).toBe(0)
  const checks: { name: string; status: string }[] = run.json().checks
  // Every server here speaks plain HTTP without a login, which doctor warns about.
  const warned = checks.filter(({ name, status }) => status !== 'ok' && name !== 'tls' && name !== 'auth')
  return warned.length === 0
    ? 'ok'
    : `ok, but ${warned.map(({ name, status }) => `${name}: ${status}`).join(', ')}`
}

/** Saves a bundle and returns its path. */
async function save(kind: ServerKind, site: Site): Promise<string> {
  const path = site.directory.join(`${kind.name.replaceAll(' ', '-')}-${++bundles}.tar`)
  const run = await gpreg(['bundle', 'save', ...site.input(kind), '-o', path, '--json'])
  expect(run.exitCode, run.stderr).toBe(0)
  expect(run.json().totals).toMatchObject({
    copied: site.images.size,
    bytes: { sent: bytesOf(blobsOf(site)) },
  })
  const checked = await gpreg(['bundle', 'verify', path, '--json'])
  expect(checked.json()).toMatchObject({ problems: [], totals: { images: site.images.size } })
  return path
}
let bundles = 0

async function load(kind: ServerKind, site: Site): Promise<string> {
  const bundle = await save(kind, site)
  await using target = await kind.start()
  const command = ['bundle', 'load', bundle, '--to', `${target.host}/gitpod`, '--json']
  await site.expectWhole(await gpreg(command))
  expect((await gpreg(command)).json().totals).toMatchObject({ copied: 0, bytes: { sent: 0 } })
  return 'ok'
}

/** Loses a blob that many images share and one that a single platform has. */
async function loseAndRepair(kind: ServerKind, site: Site): Promise<string> {
  await using target = await kind.start()
  await site.expectWhole(await site.mirror(kind, target.host))
  const lost = site.images.get(REDIS)?.children[0]?.blobs.slice(1) ?? []
  expect(lost).toHaveLength(2)
  for (const { digest } of lost) await target.loseBlob(digest)

  const found = await site.verify(kind, target.host)
  expect(found.exitCode, found.stdout).toBe(4)
  for (const { digest } of lost) expect(found.stdout).toContain(digest)
  const blind = await site.mirror(kind, target.host)
  expect(blind.json().totals).toMatchObject({ upToDate: site.images.size, bytes: { sent: 0 } })
  await expectRepair(kind, site, target, lost)
  return 'found and mended'
}

/** Collects garbage. The tags stay, so that only `verify` and `--repair` see what is gone below them. */
async function collectAndRepair(kind: ServerKind, site: Site): Promise<string> {
  await using target = await kind.start()
  if (target.collectGarbage === undefined) return 'has none'
  const first = await site.mirror(kind, target.host)
  await site.expectWhole(first)
  await target.collectGarbage()

  const found = await site.verify(kind, target.host)
  expect(found.exitCode, found.stdout).toBe(kind.losesPlatforms ? 4 : 0)
  if (!kind.losesPlatforms) return 'no damage'
  const images: { target: string; status: string }[] = found.json().images
  const damaged = images.filter(({ status }) => status !== 'ok').map(image => image.target)
  const indexes = resultsOf(first).filter(({ source }) => site.images.get(source)?.children.length)
  expect(damaged.toSorted()).toEqual(indexes.map(index => index.target).toSorted())
  await expectRepair(kind, site, target)
  return 'platforms deleted, found and mended'
}

/** Repairs the target. With `lost`, it also checks that nothing else was sent. */
async function expectRepair(kind: ServerKind, site: Site, target: Server, lost?: readonly Content[]) {
  await using proxy = await startFaultProxy({ to: target.url })
  await site.expectWhole(await site.mirror(kind, proxy.host, '--repair'))
  if (lost) {
    expect(digestsOf(finishedUploads(proxy.exchanges))).toEqual(digestsOf(lost))
    if (kind.mounts) expect(uploadedBytes(proxy.exchanges)).toBe(bytesOf(lost))
  }
  const deep = await site.verify(kind, target.host, '--deep')
  expect(deep.exitCode, deep.stdout).toBe(0)
}

function blobsOf({ images }: Site): Content[] {
  return unique([...images.values()].flatMap(({ blobs }) => blobs))
}

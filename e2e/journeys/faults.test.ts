import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFaultProxy, type Fault, type FaultProxy, type FaultRule } from '../support/fault-proxy.ts'
import { gpreg, type GpregRun } from '../support/gpreg.ts'
import { makeImage, makeLayer, type Image } from '../support/images.ts'
import { startRegistry, type Registry } from '../support/registry.ts'
import { expectImage, skopeoCopy } from '../support/skopeo.ts'
import { wrongBlobs } from '../support/storage.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'

const SAMPLE = 'docker.io/library/sample:1'
const LAYER_BYTES = 300_000

const DOWNLOAD = { method: 'GET', path: /\/blobs\/sha256:/ }
const READ_MANIFEST = { path: /\/manifests\// }
const OPEN_UPLOAD = { method: 'POST', path: /\/blobs\/uploads\/$/ }
const UPLOAD = { method: 'PUT', path: /\/blobs\/uploads\/./ }
const WRITE_MANIFEST = { method: 'PUT', path: /\/manifests\// }

interface Case {
  readonly name: string
  readonly where: Pick<FaultRule, 'method' | 'path'>
  readonly times?: number
  readonly fault: Fault | (() => Fault)
  /** Error codes that may end it; without any it must succeed. */
  readonly may?: readonly string[]
  /** It cannot succeed. */
  readonly must?: readonly string[]
}

const tooMany = (retryAfter: string): Fault => ({
  kind: 'status',
  status: 429,
  headers: { 'retry-after': retryAfter },
})
const soon = () => tooMany(new Date(Date.now() + 2000).toUTCString())
const status = (code: number): Fault => ({ kind: 'status', status: code })
const wrongDigest: Fault = {
  kind: 'header',
  name: 'docker-content-digest',
  value: `sha256:${'0'.repeat(64)}`,
}

const ON_THE_SOURCE: Case[] = [
  { name: '500 burst on blobs', where: DOWNLOAD, times: 3, fault: status(500) },
  { name: '503 burst on blobs', where: DOWNLOAD, times: 3, fault: status(503) },
  { name: '503 burst on manifests', where: READ_MANIFEST, times: 2, fault: status(503) },
  { name: '503 without end', where: DOWNLOAD, times: Infinity, fault: status(503), must: ['server-error'] },
  { name: '429 with Retry-After in seconds', where: DOWNLOAD, fault: tooMany('1') },
  { name: '429 with Retry-After as a date', where: DOWNLOAD, fault: soon },
  { name: '429 on a manifest', where: READ_MANIFEST, fault: tooMany('1') },
  {
    name: 'truncated body, connection closed',
    where: DOWNLOAD,
    fault: { kind: 'cut', after: 1000, clean: true },
  },
  { name: 'truncated body, connection reset', where: DOWNLOAD, fault: { kind: 'cut', after: 1000 } },
  { name: 'body shorter than its descriptor', where: DOWNLOAD, fault: { kind: 'length', by: -10 } },
  { name: 'body longer than its descriptor', where: DOWNLOAD, fault: { kind: 'length', by: 10 } },
  { name: 'one corrupted byte', where: DOWNLOAD, fault: { kind: 'corrupt', at: 100 } },
  {
    name: 'corrupted without end',
    where: DOWNLOAD,
    times: Infinity,
    fault: { kind: 'corrupt', at: 100 },
    must: ['digest-mismatch'],
  },
  {
    name: 'corrupted manifest',
    where: { ...READ_MANIFEST, method: 'GET' },
    times: Infinity,
    fault: { kind: 'corrupt', at: 20 },
    must: ['digest-mismatch', 'manifest-invalid'],
  },
  {
    name: 'wrong Docker-Content-Digest on manifests',
    where: READ_MANIFEST,
    times: Infinity,
    fault: wrongDigest,
    may: ['digest-mismatch', 'not-found'],
  },
  { name: 'wrong Docker-Content-Digest on blobs', where: DOWNLOAD, times: Infinity, fault: wrongDigest },
  { name: 'no answer at all', where: DOWNLOAD, fault: { kind: 'silence' } },
  { name: 'headers, then no bytes', where: DOWNLOAD, fault: { kind: 'stall', after: 0 } },
  { name: 'some bytes, then no more', where: DOWNLOAD, fault: { kind: 'stall', after: 1000 } },
  {
    name: 'a hang without end',
    where: DOWNLOAD,
    times: Infinity,
    fault: { kind: 'stall', after: 0 },
    must: ['stalled'],
  },
]

const ON_THE_TARGET: Case[] = [
  { name: '500 burst on opening uploads', where: OPEN_UPLOAD, times: 3, fault: status(500) },
  { name: '503 burst on uploads', where: UPLOAD, times: 3, fault: status(503) },
  { name: '429 with Retry-After on an upload', where: UPLOAD, fault: tooMany('1') },
  { name: '429 with a date on the tag', where: WRITE_MANIFEST, fault: soon },
  {
    name: '503 without end on the tag',
    where: WRITE_MANIFEST,
    times: Infinity,
    fault: status(503),
    must: ['server-error'],
  },
  {
    name: 'reset at the final PUT, before it was stored',
    where: UPLOAD,
    fault: { kind: 'reset', when: 'lost' },
  },
  {
    name: 'reset at the final PUT, after it was stored',
    where: UPLOAD,
    fault: { kind: 'reset', when: 'unanswered' },
  },
  {
    name: 'reset at every final PUT',
    where: UPLOAD,
    times: Infinity,
    fault: { kind: 'reset', when: 'lost' },
    must: ['unreachable', 'upload-lost'],
  },
  { name: 'reset at the tag', where: WRITE_MANIFEST, fault: { kind: 'reset', when: 'unanswered' } },
  { name: 'an upload that hangs', where: UPLOAD, fault: { kind: 'stall-request', after: 1000 } },
  { name: 'an upload without answer', where: UPLOAD, fault: { kind: 'silence' } },
  {
    name: 'wrong Docker-Content-Digest for what was stored',
    where: WRITE_MANIFEST,
    times: Infinity,
    fault: wrongDigest,
    may: ['digest-mismatch', 'protocol'],
  },
]

describe.skipIf(needs('docker-registry', 'skopeo'))('faults', () => {
  let upstream: Upstream
  let target: Registry
  let image: Image
  let cells = 0

  beforeAll(async () => {
    upstream = await startUpstream()
    target = await startRegistry()
    image = makeImage([makeLayer('one', LAYER_BYTES), makeLayer('two', LAYER_BYTES)])
    await upstream.add(SAMPLE, image)
  })

  afterAll(async () => {
    await target?.stop()
    await upstream?.stop()
  })

  const cell = async ({ where, times, fault }: Case, before: 'source' | 'target') => {
    const proxy = await startFaultProxy({ to: before === 'source' ? upstream.url : target.url })
    await using _ = proxy
    proxy.inject({ ...where, times: times ?? 1, fault: typeof fault === 'function' ? fault() : fault })
    const prefix = `cell-${++cells}`
    const [from, to] = before === 'source' ? [proxy.host, target.host] : [upstream.host, proxy.host]
    const run = await gpreg(
      [
        'mirror',
        '--image',
        SAMPLE,
        '--source-mirror',
        `docker.io=${from}/docker.io`,
        '--to',
        `${to}/${prefix}`,
        '--json',
      ],
      {
        env: { GPREG_STALL_TIMEOUT: '2' },
      },
    )
    return { run, proxy, reference: `${target.host}/${prefix}/library/sample:1` }
  }

  const expectOutcome = async ({ may, must }: Case, run: GpregRun, reference: string) => {
    const allowed = must ?? may
    if (must || (may && run.exitCode !== 0)) {
      // 6 where the only image there is failed because its registry did not answer
      expect([3, 6], run.stderr).toContain(run.exitCode)
      const { status, error } = run.json().images[0]
      expect(status).toBe('failed')
      expect(allowed).toContain(error.code)
      expect(error.hint).toMatch(/\w/)
      expect(await isTagged(target, reference)).toBe(false)
    } else {
      expect(run.exitCode, `${run.stderr}\n${run.stdout}`).toBe(0)
      await expectWhole(reference, image)
    }
    expect(await wrongBlobs(target.storage)).toEqual([])
  }

  // One list, so that the few that are slow by nature run beside the others.
  it.concurrent.each([...ON_THE_SOURCE.map(on('source')), ...ON_THE_TARGET.map(on('target'))])(
    'on the $side: $name',
    async one => {
      const { run, proxy, reference } = await cell(one, one.side)
      expect(proxy.dealt()).toBeGreaterThan(0)
      await expectOutcome(one, run, reference)
    },
  )

  it.concurrent('waits as long as Retry-After says', async () => {
    const started = performance.now()
    const { run } = await cell({ name: '', where: DOWNLOAD, fault: tooMany('3') }, 'source')
    expect(run.exitCode, run.stderr).toBe(0)
    expect(performance.now() - started).toBeGreaterThanOrEqual(3000)
  })

  it.concurrent('follows a redirect to another host', async () => {
    const redirect: Fault = { kind: 'redirect', to: path => `http://${upstream.host}${path}` }
    const { run, proxy, reference } = await cell(
      { name: '', where: DOWNLOAD, times: Infinity, fault: redirect },
      'source',
    )
    expect(run.exitCode, run.stderr).toBe(0)
    expect(proxy.dealt()).toBe(image.blobs.length)
    await expectWhole(reference, image)
  })

  it.concurrent('resumes a download that is cut at every tenth of a blob', async () => {
    const layers = Array.from({ length: 9 }, (_, index) => makeLayer(`layer-${index}`, LAYER_BYTES))
    const cut = makeImage(layers)
    await upstream.add('docker.io/library/cut:1', cut)
    await using proxy = await startFaultProxy({ to: upstream.url })
    const blobs = cut.blobs.filter(blob => blob.bytes.length > LAYER_BYTES)
    const cutAt = (index: number) => Math.floor((blobs[index]!.bytes.length * (index + 1)) / 10)
    proxy.inject(
      ...blobs.map((blob, index): FaultRule => ({
        method: 'GET',
        path: new RegExp(blob.digest),
        fault: { kind: 'cut', after: cutAt(index) },
      })),
    )

    const run = await gpreg([
      'mirror',
      '--image',
      'docker.io/library/cut:1',
      '--source-mirror',
      `docker.io=${proxy.host}/docker.io`,
      '--to',
      `${target.host}/cut`,
      '--json',
    ])
    expect(run.exitCode, run.stderr).toBe(0)
    expect(proxy.dealt()).toBe(blobs.length)
    expect(partial(proxy)).toBe(blobs.length)
    await expectWhole(`${target.host}/cut/library/cut:1`, cut)
    expect(await wrongBlobs(target.storage)).toEqual([])
  })
})

function on<Side extends string>(side: Side): (one: Case) => Case & { side: Side } {
  return one => ({ ...one, side })
}

/** Answers that went on where another had broken off. */
function partial(proxy: FaultProxy): number {
  return proxy.exchanges.filter(({ status }) => status === 206).length
}

async function isTagged(target: Registry, reference: string): Promise<boolean> {
  const [, repository, tag] = /^[^/]+\/(.*):([^:]+)$/.exec(reference)!
  const accept = 'application/vnd.oci.image.manifest.v1+json'
  const answer = await fetch(new URL(`/v2/${repository}/manifests/${tag}`, target.url), {
    method: 'HEAD',
    headers: { accept },
  })
  return answer.ok
}

/** skopeo reads it all back and checks every digest. */
async function expectWhole(reference: string, image: Image): Promise<void> {
  await expectImage(reference, image)
  await using directory = await temporaryDirectory()
  await skopeoCopy(`docker://${reference}`, `dir:${directory.join('image')}`)
}

import { digestOf } from '@gpreg/oci'

/** Documents of a mirror that was copied and verified, with as many images as wanted. The same number makes the same documents. */
export function sampleDocuments(count: number): Readonly<Record<string, object>> {
  const images = Array.from({ length: count }, (_, index) => sampleImage(index))
  const started = START + 3_000
  const tool = 'gpreg 0.1.0'
  return {
    'gpreg.lock.json': {
      kind: 'Lock',
      version: 1,
      created: iso(START - 86_400_000),
      images: images.map(({ source, digest, content, origins, target, verified }) => ({
        source,
        target,
        digest,
        mediaType: 'application/vnd.oci.image.index.v1+json',
        size: 900,
        bytes: content.bytes,
        ...(verified === undefined ? {} : { verified }),
        purpose: 'components',
        origins,
        referrers: content.referrers.map(({ digest: referrer, type }) => ({
          subject: digest,
          digest: referrer,
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          size: 700,
          tag: `sha256-${digest.slice(7)}.${type}`,
        })),
      })),
    },
    'mirror.json': {
      kind: 'MirrorResult',
      version: 1,
      tool,
      started: iso(START),
      finished: iso(started + 4_000 * count),
      images: images.map(({ source, target, digest, content, origins, failed, index }) => ({
        source,
        target,
        digest,
        origins,
        ...(failed
          ? {
              status: 'failed',
              error: { code: 'forbidden', message: REFUSED, hint: 'log in: gpreg login quay.example' },
            }
          : {
              status: index % 9 === 4 ? 'up-to-date' : 'copied',
              ...(index % 9 === 4 ? {} : { content, bytes: fates(content) }),
              ...(index % 5 === 2 && index % 9 !== 4 ? { replaced: digestOf(`old ${index}`) } : {}),
              started: iso(started + 3_000 * index),
              finished: iso(started + 3_000 * index + 4_000 + (content.bytes % 70_000)),
            }),
      })),
      totals: {
        images: count,
        copied: count - 1,
        upToDate: 0,
        failed: 1,
        blobs: { unique: 0, sent: 0, mounted: 0, present: 0 },
        bytes: { unique: 0, sent: 61e6 * count, mounted: 20e6 * count, present: 3e6 * count },
        requests: { source: 0, target: 0 },
        retries: 0,
        seconds: 4 * count,
      },
    },
    'verify.json': {
      kind: 'VerifyResult',
      version: 1,
      tool,
      depth: 'deep',
      started: iso(started + 4_100 * count),
      finished: iso(started + 5_000 * count),
      images: images.map(({ source, target, digest, content, origins, failed }) => ({
        source,
        target,
        origins,
        expected: digest,
        found: failed ? null : digest,
        status: failed ? 'missing' : 'ok',
        problems: failed ? [{ code: 'not-found', message: `${target} is not there` }] : [],
        ...(failed ? {} : { content }),
      })),
      totals: { images: count, ok: count - 1, bytes: 61e6 * count, seconds: 900 },
    },
  }
}

const START = Date.parse('2026-03-02T08:00:00Z')
const REFUSED = 'quay.example refuses the login: HTTP status 403'
const PARTS = [
  'server',
  'ws-manager',
  'image-builder',
  'content-service',
  'dashboard',
  'proxy',
  'ide/code',
  'registry-facade',
]
const KEY = { by: 'key', key: digestOf('a public key') }
const IDENTITY = {
  by: 'identity',
  identity: 'https://github.example/example-dev/build/.github/workflows/release.yml@refs/tags/v2',
  issuer: 'https://token.actions.example.com',
}
const HOSTS = ['eu.gcr.io/example-dev/build', 'docker.io/library', 'quay.example/team']

function sampleImage(index: number) {
  const [part, host] = [pick(PARTS, index), pick(HOSTS, index * index)]
  const name = `${part}-${index}:commit-${digestOf(`tag ${index}`).slice(7, 19)}`
  const source = `${host}/${name}`
  const base = index % 4
  const layer = (text: string, size: number) => ({ digest: digestOf(text), size })
  const blobs = [
    layer(`base ${base}`, 28_000_000 + base * 9_000_000),
    layer(`runtime ${index % 7}`, 41_000_000 + (index % 7) * 3_000_000),
    layer(`tools ${index % 13}`, 11_000_000),
    layer(`app ${index}`, 3_000_000 + ((index * 7_919) % 97) * 1_400_000),
    layer(`config ${index}`, 6_000),
  ]
  const signature = (type: string) => ({ digest: digestOf(`${type} ${index}`), type })
  return {
    index,
    source,
    target: `registry.internal/gitpod/${name}`,
    digest: digestOf(source),
    origins:
      index % 6 === 0 ? ['image-list:extra.txt'] : [`versions:components.${part}`, 'catalogue:2022.11.3'],
    failed: index === 2,
    verified: [KEY, IDENTITY, KEY, undefined][base],
    content: {
      platforms: index % 3 === 0 ? ['linux/amd64', 'linux/arm64'] : ['linux/amd64'],
      bytes: blobs.reduce((sum, { size }) => sum + size, 0),
      blobs,
      referrers: index % 4 === 3 ? [] : [signature('sig'), ...(index % 2 === 0 ? [signature('att')] : [])],
      created: iso(START - (index % 40) * 86_400_000),
      licenses: index % 2 === 0 ? 'Apache-2.0' : 'MIT AND BSD-3-Clause',
    },
  }
}

function fates({ bytes, blobs }: ReturnType<typeof sampleImage>['content']) {
  const mounted = blobs[0]?.size ?? 0
  return { sent: bytes - mounted, mounted, present: 0 }
}

function pick(list: readonly string[], index: number): string {
  return list[index % list.length] ?? ''
}

function iso(moment: number): string {
  return new Date(moment).toISOString()
}

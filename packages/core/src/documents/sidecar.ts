import { z } from 'zod'
import { GpregError } from '@gpreg/oci/errors'
import { readLock, writeLock, type Lock } from './lock.ts'
import { digestOf, isDigest, type Digest } from '@gpreg/oci/model/digest'

/** `PATH.manifest.json`: what a bundle must be, down to the last byte. The lock pins its content, the volumes its files. */
export interface Sidecar {
  readonly kind: 'BundleManifest'
  readonly version: 1
  /** what wrote it, e.g. `gpreg 0.1.0` */
  readonly tool: string
  /** none where the bundle is a directory */
  readonly volumes: readonly SidecarVolume[]
  readonly lock: { readonly digest: Digest; readonly document: Lock }
}

export interface SidecarVolume {
  /** file name, without its directory */
  readonly name: string
  readonly size: number
  /** hex */
  readonly sha256: string
}

const VERSION = 1
const MAX_VOLUMES = 100_000

const document = z.object({
  kind: z.literal('BundleManifest'),
  version: z.literal(VERSION),
  tool: z.string(),
  volumes: z
    .array(
      z.object({
        name: z.string().regex(/^[^/\\\0]+$/, 'not a file name'),
        size: z.number().int().min(1),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .max(MAX_VOLUMES),
  lock: z.object({
    digest: z.string().refine((text): text is Digest => isDigest(text), 'not a digest'),
    document: z.unknown(),
  }),
})

export function createSidecar(tool: string, volumes: readonly SidecarVolume[], lock: Lock): Sidecar {
  return {
    kind: 'BundleManifest',
    version: VERSION,
    tool,
    volumes,
    lock: { digest: digestOf(writeLock(lock)), document: lock },
  }
}

export function formatSidecar(sidecar: Sidecar): string {
  const lock = { ...sidecar.lock, document: JSON.parse(writeLock(sidecar.lock.document)) as unknown }
  return `${JSON.stringify({ ...sidecar, lock }, undefined, 2)}\n`
}

/** @throws `bundle-damaged`, `input-invalid` for one that a newer gpreg wrote */
export function parseSidecar(text: string, path: string): Sidecar {
  const refuse = (why: string, cause?: unknown) =>
    new GpregError('bundle-damaged', `${path} is damaged: ${why}`, {
      path,
      cause,
      hint: 'send it again',
    })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw refuse('not JSON', cause)
  }
  const { version } = z.looseObject({}).safeParse(json).data ?? {}
  if (typeof version === 'number' && version > VERSION)
    throw new GpregError('input-invalid', `${path} is of version ${version}; this gpreg reads ${VERSION}`, {
      path,
      hint: 'use a newer gpreg',
    })
  const parsed = document.safeParse(json)
  if (!parsed.success)
    throw refuse(`${parsed.error.issues[0]!.path.join('.')}: ${parsed.error.issues[0]!.message}`)
  const { lock, ...rest } = parsed.data
  if (new Set(rest.volumes.map(({ name }) => name)).size < rest.volumes.length)
    throw refuse('it names a volume twice')
  const found = readLock(JSON.stringify(lock.document), path)
  if (digestOf(writeLock(found)) !== lock.digest) throw refuse('its lock is not the one it says')
  return { ...rest, lock: { digest: lock.digest, document: found } }
}

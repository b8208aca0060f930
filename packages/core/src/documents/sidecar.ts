import { z } from 'zod'
import { GpregError, digestOf, type Digest } from '@gpreg/oci'
import { defineDocument, digestShape, documentShape, formatDocument } from './document.ts'
import { readLock, writeLock, type Lock } from './lock.ts'

/** `PATH.manifest.json`: pins every byte of a bundle. The lock pins the content of the bundle, the volumes pin its files. */
export interface Sidecar {
  readonly kind: 'BundleManifest'
  readonly version: 1
  /** the program that wrote the bundle, e.g. `gpreg 0.1.0` */
  readonly tool: string
  /** empty if the bundle is a directory */
  readonly volumes: readonly SidecarFile[]
  /** files that go along beside the bundle, such as gpreg itself; absent if there are none */
  readonly beside?: readonly SidecarFile[]
  readonly lock: { readonly digest: Digest; readonly document: Lock }
}

/** A file and its content: a volume of the bundle, or a file beside it. */
export interface SidecarFile {
  /** file name, without its directory */
  readonly name: string
  readonly size: number
  /** hex */
  readonly sha256: string
}

const VERSION = 1
const MAX_VOLUMES = 100_000

const files = z
  .array(
    z.object({
      name: z.string().regex(/^[^/\\\0]+$/, 'not a file name'),
      size: z.number().int().min(1),
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/i)
        .toLowerCase(),
    }),
  )
  .max(MAX_VOLUMES)

const shape = documentShape('BundleManifest', VERSION, {
  tool: z.string(),
  volumes: files,
  beside: files.exactOptional(),
  lock: z.object({
    digest: digestShape,
    document: z.unknown(),
  }),
})

export function createSidecar(
  tool: string,
  volumes: readonly SidecarFile[],
  lock: Lock,
  beside: readonly SidecarFile[] = [],
): Sidecar {
  return {
    kind: 'BundleManifest',
    version: VERSION,
    tool,
    volumes,
    ...(beside.length === 0 ? {} : { beside }),
    lock: { digest: digestOf(writeLock(lock)), document: lock },
  }
}

export function formatSidecar(sidecar: Sidecar): string {
  const lock = { ...sidecar.lock, document: JSON.parse(writeLock(sidecar.lock.document)) as unknown }
  return formatDocument({ ...sidecar, lock })
}

const reader = defineDocument({
  noun: 'a bundle manifest',
  version: VERSION,
  shape,
  hint: 'send it again',
  refuse,
})

/** @throws `bundle-damaged`, `input-invalid` for a sidecar of a newer gpreg */
export function parseSidecar(text: string, path: string): Sidecar {
  const { lock, ...rest } = reader.parse(text, path)
  const names = [...rest.volumes, ...(rest.beside ?? [])].map(({ name }) => name)
  if (new Set(names).size < names.length) throw refuse(path, 'it names a file twice')
  const found = readLock(JSON.stringify(lock.document), path, refuse)
  if (digestOf(writeLock(found)) !== lock.digest) throw refuse(path, 'its lock is not the one it says')
  return { ...rest, lock: { digest: lock.digest, document: found } }
}

function refuse(path: string, why: string, cause?: unknown): GpregError {
  const details = { path, cause, hint: 'send it again' }
  return new GpregError('bundle-damaged', `${path} is damaged: ${why}`, details)
}

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { isGpregError } from '@gpreg/oci'
import { readError } from '@gpreg/oci/engine'
import type { Context } from '../context.ts'
import type { VolumeFile } from './files.ts'

export interface VolumeDamage {
  readonly name: string
  readonly path?: string
  readonly status: 'missing' | 'truncated' | 'damaged'
  readonly message: string
}

/** Bytes that {@link checkVolumes} reads: files without a sidecar, and those of another size, are not read. */
export function bytesToCheck(files: readonly VolumeFile[]): number {
  return files.reduce((sum, { size, expected }) => sum + (size === expected?.size ? size : 0), 0)
}

/** Reads every file, and lists the files that differ from the sidecar. @returns also the bytes that were read */
export async function checkVolumes(
  files: readonly VolumeFile[],
  { signal, emit }: Pick<Context, 'signal' | 'emit'>,
): Promise<{ readonly damage: readonly VolumeDamage[]; readonly bytes: number }> {
  const damage: VolumeDamage[] = []
  let bytes = 0
  const count = (more: number) => {
    bytes += more
    emit({ type: 'read.progress', bytes: more })
  }
  for (const file of files) {
    const found = await damageOf(file, signal, count)
    if (found !== undefined)
      damage.push({ name: file.name, ...(file.path ? { path: file.path } : {}), ...found })
  }
  return { damage, bytes }
}

async function damageOf(
  { name, path, size, expected }: VolumeFile,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<Pick<VolumeDamage, 'status' | 'message'> | undefined> {
  if (path === undefined) return { status: 'missing', message: `${name} is missing` }
  if (expected === undefined) return undefined
  if (size !== expected.size)
    return { status: 'truncated', message: `${path} has ${size} bytes, and should have ${expected.size}` }
  const hash = createHash('sha256')
  try {
    const stream = createReadStream(path, { highWaterMark: 1024 * 1024, signal })
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      hash.update(chunk)
      onBytes(chunk.byteLength)
    }
  } catch (error) {
    const unread = readError(error, path)
    // The other volumes are read all the same, so that all that must be sent again is known at once.
    if (isGpregError(unread, 'bundle-damaged')) return { status: 'damaged', message: unread.message }
    throw unread
  }
  const sha256 = hash.digest('hex')
  return sha256 === expected.sha256
    ? undefined
    : { status: 'damaged', message: `${path} has the SHA-256 ${sha256}, and should have ${expected.sha256}` }
}

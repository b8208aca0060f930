import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { storageError } from '@gpreg/oci/engine'
import type { BundleFiles, VolumeFile } from './files.ts'

export interface VolumeDamage {
  readonly name: string
  readonly path?: string
  readonly status: 'missing' | 'truncated' | 'damaged'
  readonly message: string
}

/** Reads every volume, and lists the volumes that differ from the sidecar. */
export async function volumeDamage(
  { volumes }: BundleFiles,
  signal?: AbortSignal,
  onBytes: (bytes: number) => void = () => {},
): Promise<VolumeDamage[]> {
  const found: VolumeDamage[] = []
  for (const volume of volumes) {
    const damage = await damageOf(volume, signal, onBytes)
    if (damage !== undefined)
      found.push({ name: volume.name, ...(volume.path ? { path: volume.path } : {}), ...damage })
  }
  return found
}

async function damageOf(
  { name, path, size, expected }: VolumeFile,
  signal: AbortSignal | undefined,
  onBytes: (bytes: number) => void,
): Promise<Pick<VolumeDamage, 'status' | 'message'> | undefined> {
  if (path === undefined) return { status: 'missing', message: `${name} is missing` }
  if (expected === undefined) return undefined
  if (size !== expected.size)
    return { status: 'truncated', message: `${path} has ${size} bytes, and should have ${expected.size}` }
  const hash = createHash('sha256')
  try {
    const stream = createReadStream(path, { highWaterMark: 1024 * 1024, ...(signal && { signal }) })
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      hash.update(chunk)
      onBytes(chunk.byteLength)
    }
  } catch (error) {
    throw storageError(error, path)
  }
  const sha256 = hash.digest('hex')
  return sha256 === expected.sha256
    ? undefined
    : { status: 'damaged', message: `${path} has the SHA-256 ${sha256}, and should have ${expected.sha256}` }
}

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/**
 * Lists files whose bytes differ from the digest in their name. The list should always be empty. It reads the storage of
 * `docker-registry` (`<hex>/data`) and OCI layouts (`blobs/sha256/<hex>`).
 */
export async function wrongBlobs(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const checked = await Promise.all(
    files.map(async file => {
      const name = basename(file) === 'data' ? basename(dirname(file)) : basename(file)
      const visible = /^[0-9a-f]{64}$/.test(name) && file.includes('/blobs/sha256/')
      return visible && (await hashFile(file)) !== name ? file : undefined
    }),
  )
  return checked.filter(file => file !== undefined)
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

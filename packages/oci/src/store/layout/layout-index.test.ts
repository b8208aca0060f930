import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MediaType } from '../../model/descriptor.ts'
import { LayoutStore } from './layout-store.ts'

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'layout-index-'))))
afterEach(() => rm(directory, { recursive: true }))

/** Writes a layout whose index has so many entries, all with one name. */
async function layoutWith(entries: number): Promise<void> {
  const manifests = Array.from({ length: entries }, (_, index) => ({
    mediaType: MediaType.ociManifest,
    digest: `sha256:${String(index).padStart(64, '0')}`,
    size: 100,
    annotations: { 'org.opencontainers.image.ref.name': 'app:1' },
  }))
  await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
}

describe('an index with very many entries of one name', () => {
  it('is refused if it is larger than what is read in a second', async () => {
    await layoutWith(100_000)
    await expect(LayoutStore.read(directory)).rejects.toMatchObject({
      code: 'input-unreadable',
      message: expect.stringContaining('at most'),
    })
  })

  it('has the first of them under that name', async () => {
    await layoutWith(30_000)
    const layout = await LayoutStore.read(directory)
    const repository = layout.repository('app')
    expect(await Array.fromAsync(repository.tags())).toEqual(['1'])
    expect((await repository.resolve('1')).digest).toBe(`sha256:${'0'.repeat(64)}`)
  })
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MediaType } from '../../model/descriptor.ts'
import { LayoutStore } from './layout-store.ts'

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'layout-index-'))))
afterEach(() => rm(directory, { recursive: true }))

const entryNamed = (name: string, index = 0) => ({
  mediaType: MediaType.ociManifest,
  digest: `sha256:${String(index).padStart(64, '0')}`,
  size: 100,
  annotations: { 'org.opencontainers.image.ref.name': name },
})

/** Writes a layout whose index has so many entries, all with one name. */
async function layoutWith(entries: number): Promise<void> {
  const manifests = Array.from({ length: entries }, (_, index) => entryNamed('app:1', index))
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

it.each(['localhost:5000/team/app:2', '[::1]:5000/app:2', 'registry.internal/app:2', 'app:2', ':2'])(
  'an entry that another tool named %s is found by that name',
  async name => {
    const document = { schemaVersion: 2, manifests: [entryNamed(name.replace(/^:/, ''))] }
    await writeFile(join(directory, 'index.json'), JSON.stringify(document))
    const layout = await LayoutStore.read(directory)
    const { reference, source } = layout.artifact(name)
    expect(await source.repository.resolve(reference)).toMatchObject({ size: 100 })
    expect(await Array.fromAsync(layout.repositories())).toEqual([source.repository.name])
  },
)

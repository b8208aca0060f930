import { expect, it } from 'vitest'
import { GpregError } from '../errors.ts'
import { Limiter } from '../limiter.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { sampleImage } from '../testing/sample-image.ts'
import type { CopyItem } from './survey/item.ts'
import { isAtTarget, Presence } from './presence.ts'

const source = { store: 'source', repository: new MemoryStore().repository('from') }
const blobs = [...sampleImage(['layer']).blobs.values()].map(({ descriptor }) => descriptor)

/** Repositories that note what they are asked for. */
function target(exists: (name: string) => boolean = () => false) {
  const asked: string[] = []
  const item = (name: string): CopyItem => {
    const repository = Object.assign(new MemoryStore().repository(name), {
      exists: async ({ digest }: Descriptor) => {
        asked.push(`${name} ${blobs.findIndex(blob => blob.digest === digest)}`)
        return exists(name)
      },
    })
    const names = { sourceName: 'source/from:1', targetName: `target/${name}:1` }
    return { ...names, source, reference: '1', target: { store: 'target', repository }, tag: '1' }
  }
  return { asked, item }
}

it('has one place for each blob and repository, and asks for it once', async () => {
  const { asked, item } = target(name => name === 'c')
  const presence = new Presence(new Limiter(2), {})
  const names = ['a', 'b', 'c', 'b', 'a']
  const looks = await Promise.all(names.map(name => presence.look(item(name), [...blobs, blobs[0]!], false)))
  expect(asked.toSorted()).toEqual(['a 0', 'a 1', 'b 0', 'b 1', 'c 0', 'c 1'])
  for (const places of looks) expect(places[0]).toBe(places[2])
  expect(looks[4]![1]).toBe(looks[0]![1])
  expect(looks[3]![1]).toBe(looks[1]![1])
  for (const blob of presence.blobs()) {
    expect(blob.places.map(({ repository }) => repository.name)).toEqual(['a', 'b', 'c'])
    expect(blob.places.map(({ present }) => present)).toEqual([false, false, true])
    expect(isAtTarget(blob)).toBe(true)
  }
})

it('asks nothing about a new repository', async () => {
  const { asked, item } = target()
  const presence = new Presence(new Limiter(2), {})
  const places = await presence.look(item('a'), blobs, true)
  expect(places).toMatchObject([{ unchecked: true }, { unchecked: true }])
  expect(asked).toEqual([])
})

it('fails each image whose repository could not be asked, with one request', async () => {
  const { asked, item } = target(() => {
    throw new GpregError('unreachable', 'it is gone')
  })
  const presence = new Presence(new Limiter(2), {})
  for (let round = 0; round < 2; round++)
    await expect(presence.look(item('a'), [blobs[0]!], false)).rejects.toThrow('it is gone')
  expect(asked).toEqual(['a 0'])
})

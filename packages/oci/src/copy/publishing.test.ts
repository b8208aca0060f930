import { beforeEach, expect, it } from 'vitest'
import { MediaType, type Descriptor } from '../model/descriptor.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { describe as blobOf } from '../testing/sample-image.ts'
import { Publishing } from './publishing.ts'

const [child, one, other] = ['child', 'one', 'other'].map(
  text => blobOf(text, MediaType.ociManifest).descriptor,
) as [Descriptor, Descriptor, Descriptor]

let publishing: Publishing
let started: string[]
beforeEach(() => {
  publishing = new Publishing(16)
  started = []
})

const settle = () => new Promise(resolve => setImmediate(resolve))

/** Starts to publish an image. @returns what ends it, well or not */
function publish(name: string, repository: string, ...manifests: Descriptor[]) {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const place = { store: 'target', repository: new MemoryStore('target').repository(repository) }
  const published = publishing.run(place, manifests, () => {
    started.push(name)
    return promise
  })
  return {
    end: () => (resolve(), published),
    fail: () => (reject(new Error('refused')), published.catch(() => {})),
  }
}

it('writes tags of a repository in parallel', async () => {
  const images = [publish('app:1', 'app', child, one), publish('app:2', 'app', other)]
  await settle()
  expect(started).toEqual(['app:1', 'app:2'])
  await Promise.all(images.map(({ end }) => end()))
})

it('writes what shares a manifest there one after the other, also after a failure', async () => {
  const first = publish('app:1', 'app', child, one)
  const second = publish('app:2', 'app', child, other)
  const third = publish('app:3', 'app', other)
  const elsewhere = publish('copy:1', 'copy', child, one)
  await settle()
  expect(started).toEqual(['app:1', 'copy:1'])
  await first.fail()
  await settle()
  expect(started).toEqual(['app:1', 'copy:1', 'app:2'])
  await second.end()
  await settle()
  expect(started.at(-1)).toBe('app:3')
  await Promise.all([third.end(), elsewhere.end()])
})

it('writes no more at once than its lane is wide', async () => {
  const images = Array.from({ length: 20 }, (_, nth) =>
    publish(`app:${nth}`, 'app', blobOf(`${nth}`, MediaType.ociManifest).descriptor),
  )
  await settle()
  expect(started).toHaveLength(16)
  await Promise.all(images.map(({ end }) => end()))
  expect(started).toHaveLength(20)
})

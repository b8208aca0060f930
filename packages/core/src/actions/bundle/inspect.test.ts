import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openBundle } from '../../bundle/bundle.ts'
import { createContext } from '../../context.ts'
import { LayoutStore } from '@gpreg/oci'
import { pushSample, sampleImage } from '@gpreg/oci/testing'
import { inspectBundle } from './inspect.ts'

const directories: string[] = []
afterAll(() => Promise.all(directories.map(directory => rm(directory, { recursive: true }))))

it('counts each blob once, also the blobs of signatures', async () => {
  const root = await mkdtemp(join(tmpdir(), 'gpreg-inspect-'))
  directories.push(root)
  const image = sampleImage(['layer'])
  const signature = sampleImage(['signature'], { subject: image.descriptor, artifactType: 'application/sig' })
  const repository = (await LayoutStore.open(root)).repository('library/app')
  for (const tag of ['1', '2']) await pushSample(repository, image, tag)
  await pushSample(repository, signature)
  await using bundle = await openBundle([root], undefined, createContext())
  const { images, totals } = await inspectBundle(bundle, createContext())
  expect(images.map(({ referrers }) => referrers.map(({ type }) => type))).toEqual([
    ['application/sig'],
    ['application/sig'],
  ])
  // A single image names its platform only in its config.
  expect(images[0]).toMatchObject({ platforms: ['linux/amd64'], bytes: bytesOf([...image.blobs.values()]) })
  const sizes = new Map(
    [...image.blobs, ...signature.blobs].map(([digest, { bytes }]) => [digest, bytes.length]),
  )
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  expect(totals).toEqual({ images: 2, blobs: sizes.size, bytes })
})

function bytesOf(blobs: readonly { readonly bytes: Buffer }[]): number {
  return blobs.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digestOf, parseReference } from '@gpreg/oci'
import type { ImageEntry, LockedImage } from '../gitpod/image-set.ts'
import { createLock, lockToEntries, readLock, writeLock, type Lock, type LockEntry } from './lock.ts'
import { readLockFile } from './lock-file.ts'
import { createSidecar, formatSidecar } from './sidecar.ts'

const created = new Date('2026-01-02T03:04:05Z')
const entry: ImageEntry = {
  source: parseReference('redis:6.2'),
  target: parseReference('r.io/g/library/redis:6.2'),
  purpose: 'components',
  origins: ['catalogue:2022.11.3'],
}
const image: LockedImage = {
  digest: digestOf('image'),
  mediaType: 'application/vnd.oci.image.index.v1+json',
  size: 5,
  bytes: 500,
  referrers: [
    {
      subject: digestOf('image'),
      digest: digestOf('signature'),
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      size: 7,
      tag: 'sha256-1.sig',
    },
  ],
}

describe('the lock', () => {
  it('keeps an image set', () => {
    const lock = createLock([{ entry, image }], created)
    expect(lockToEntries(readLock(writeLock(lock)))).toEqual([{ ...entry, locked: image }])
  })

  it('is read alone, and out of the manifest of a bundle', async () => {
    const lock = createLock([{ entry, image }], created)
    const volume = { name: 'b.tar', size: 1, sha256: '0'.repeat(64) }
    const sidecar = formatSidecar(createSidecar('gpreg', [volume], lock))
    const alone = await readLockFile(writeLock(lock), 'lock.json')
    expect(await readLockFile(sidecar, 'b.tar.manifest.json')).toEqual(alone)
    const changed = sidecar.replace('library/redis:6.2', 'library/redis:6.3')
    await expect(readLockFile(changed, 'b.tar.manifest.json')).rejects.toThrow(
      'its lock is not the one it says',
    )
  })

  it('is written as the same text for any order of images', () => {
    const other: ImageEntry = { ...entry, source: parseReference('alpine:3') }
    const both = [
      { entry, image },
      { entry: other, image },
    ]
    const text = writeLock(createLock(both, created))
    expect(text).toBe(writeLock(createLock(both.toReversed(), created)))
    expect(text.indexOf('alpine')).toBeLessThan(text.indexOf('redis'))
    expect(text.endsWith('}\n')).toBe(true)
  })

  it.each([
    ['{"kind":"Lock","version":2}', /version 2.*reads version 1/],
    ['{"kind":"Receipt","version":1}', /this is a receipt/],
    ['{', /not JSON/],
    ['null', /document/],
    [writeLock(createLock([{ entry, image }], created)).replace('sha256:', 'sha1:'), /sha256/],
    [
      writeLock(createLock([{ entry, image }, { entry, image }], created)), // prettier-ignore
      /twice/,
    ],
  ])('is refused with a reason', (text, message) => {
    expect(() => readLock(text)).toThrow(
      expect.objectContaining({ code: 'input-invalid', message: expect.stringMatching(message) }),
    )
  })

  it('stays the same when it is written and read', () => {
    const digest = fc.string().map(text => digestOf(text))
    const descriptor = { digest, mediaType: fc.constant('application/x'), size: fc.nat() }
    const lockEntry: fc.Arbitrary<LockEntry> = fc.record({
      source: fc.stringMatching(/^[a-z]{1,8}$/).map(name => `docker.io/library/${name}:1`),
      ...descriptor,
      bytes: fc.nat(),
      purpose: fc.constantFrom('components', 'workspace-base'),
      origins: fc.uniqueArray(fc.string()).map(origins => origins.toSorted()),
      referrers: fc.uniqueArray(fc.record({ subject: digest, ...descriptor }), {
        selector: ({ digest }) => digest,
      }),
    })
    const images = fc.uniqueArray(lockEntry, { selector: ({ source }) => source })
    fc.assert(
      fc.property(images, list => {
        const lock: Lock = { kind: 'Lock', version: 1, created: created.toISOString(), images: list }
        const text = writeLock(lock)
        expect(writeLock(readLock(text))).toBe(text)
        expect(new Set(readLock(text).images.map(({ source }) => source))).toEqual(
          new Set(list.map(({ source }) => source)),
        )
      }),
    )
  })
})

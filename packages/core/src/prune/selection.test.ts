import { describe, expect, it } from 'vitest'
import { digestOf, MediaType, parseReference, type Descriptor } from '@gpreg/oci'
import { parsePrefix } from '@gpreg/oci/engine'
import type { Lock } from '../documents/lock.ts'
import { namesOf, parsePruneDocument, type NamedContent } from './documents.ts'
import { select } from './selection.ts'

const DAY = 86_400_000
const NOW = 1000 * DAY

const at = (text: string): Descriptor => ({
  mediaType: MediaType.ociManifest,
  digest: digestOf(text),
  size: 1,
})
const named = (tag: string, text: string, days: number, isGuess = false): NamedContent => ({
  repository: 'app',
  tag,
  digests: [digestOf(text)],
  created: NOW - days * DAY,
  isGuess,
})
const tags = new Map(['1', '2', '3', '4', 'other'].map(tag => [tag, at(tag)]))
const mirrored = [named('1', '1', 400), named('2', '2', 100), named('3', '3', 10), named('2', '2', 50)]

describe('select', () => {
  it.each([
    ['what documents name', {}, ['1', '2', '3']],
    ['old names, by the newest document that has them', { olderThan: 90 * DAY }, ['1']],
    ['all but the newest names', { keepLast: 2 }, ['1']],
    ['both', { keepLast: 1, olderThan: 60 * DAY }, ['1']],
    ['every tag', { allTags: true }, ['1', '2', '3', '4', 'other']],
    ['no tag of unknown age', { allTags: true, olderThan: 5 * DAY }, ['1', '2', '3']],
    ['no tag of unknown age, where some are counted', { allTags: true, keepLast: 0 }, ['1', '2', '3']],
  ])('takes %s', (_, options, expected) => {
    expect([...select(tags, { kept: [], mirrored }, options, NOW).tags].toSorted()).toEqual(expected)
  })

  it('leaves kept names and kept digests', () => {
    const kept = [named('1', '3', 0)]
    const selection = select(tags, { kept, mirrored }, { allTags: true }, NOW)
    expect(selection.tags.has('1')).toBe(false)
    expect(selection.digests).not.toContain(digestOf('3'))
    expect(selection.stays).toContain(digestOf('3'))
  })

  it('takes a guessed name only with the content of the document', () => {
    const guesses = [named('1', '1', 1, true), named('2', 'something else', 1, true)]
    expect([...select(tags, { kept: [], mirrored: guesses }, {}, NOW).tags]).toEqual(['1'])
  })
})

describe('namesOf', () => {
  const entry: Lock['images'][number] = {
    source: 'docker.io/library/redis:6.2',
    ...at('redis'),
    bytes: 0,
    purpose: 'components',
    origins: [],
    referrers: [],
  }
  const lock: Lock = { kind: 'Lock', version: 1, created: '2026-01-01T00:00:00.000Z', images: [entry] }
  const to = parsePrefix('registry.test/a')

  it('has the names of all namings, and those that the lock tells', () => {
    const images = [{ ...entry, target: 'registry.test/a/told:1', paths: ['in/bundle:1'] }]
    const names = namesOf({ ...lock, images }, to).map(
      name => `${name.repository}:${name.tag} ${name.isGuess}`,
    )
    expect([...new Set(names)].toSorted()).toEqual([
      'a/in/bundle:1 false',
      'a/library/redis:6.2 true',
      'a/redis:6.2 true',
      'a/told:1 false',
    ])
  })

  it('has no name outside the prefix', () => {
    const images = [{ ...entry, target: 'registry.test/ab/told:1' }]
    const repositories = namesOf({ ...lock, images }, to).map(({ repository }) => repository)
    expect(repositories.every(name => name.startsWith('a/'))).toBe(true)
    expect(parseReference('registry.test/ab/told:1').repository).toBe('ab/told')
  })

  it('reads a receipt as a document, too', async () => {
    const receipt = {
      kind: 'Receipt',
      version: 1,
      created: lock.created,
      target: 'elsewhere.test/x',
      blobs: [],
    }
    const images = [{ path: 'library/redis:6.2', digest: entry.digest }]
    const parsed = await parsePruneDocument(JSON.stringify({ ...receipt, images }), 'receipt.json')
    expect(namesOf(parsed, to)).toMatchObject([{ repository: 'a/library/redis', tag: '6.2', isGuess: false }])
  })
})

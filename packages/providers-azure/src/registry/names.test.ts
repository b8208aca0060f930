import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cloudOfHost } from '../api/clouds.ts'
import { assertName, isOurs, namesFor, tagsOf } from './names.ts'

const place = fc.record({
  subscriptionId: fc.uuid(),
  resourceGroup: fc.string({ minLength: 1 }),
  installation: fc.string({ minLength: 1 }),
})

describe('names of a registry', () => {
  it('are valid, differ, and are always the same for the same seed', () => {
    fc.assert(
      fc.property(place, where => {
        const names = namesFor(where)
        names.forEach(assertName)
        for (const name of names) expect(name).toMatch(/^gitpod[0-9a-f]{8}$/)
        expect(new Set(names).size).toBe(8)
        const subscriptionId = where.subscriptionId.toUpperCase()
        expect(namesFor({ ...where, subscriptionId })).toEqual(names)
      }),
    )
  })

  it('do not change from version to version, so that existing registries are found', () => {
    const where = { subscriptionId: '0', resourceGroup: 'gitpod', installation: 'prod' }
    expect(namesFor(where)[0]).toBe('gitpod33d864df')
  })

  it.each(['', 'abcd', 'git-pod', 'Gitpod', 'gitpod.azurecr.io', 'a'.repeat(51)])('cannot be %j', name => {
    expect(() => assertName(name)).toThrow('cannot be the name')
  })
})

it('recognises a registry that gpreg made by both tags', () => {
  expect(isOurs({ tags: { ...tagsOf('prod'), team: 'x' } }, 'prod')).toBe(true)
  expect(isOurs({ tags: tagsOf('prod') }, 'other')).toBe(false)
  expect(isOurs({ tags: { 'gpreg-installation': 'prod' } }, 'prod')).toBe(false)
  expect(isOurs({}, 'prod')).toBe(false)
})

it.each([
  ['x.azurecr.io', 'public'],
  ['x-hash.azurecr.us', 'usgov'],
  ['x.azurecr.cn', 'china'],
  ['azurecr.io', undefined],
  ['x.azurecr.io.example.com', undefined],
  ['x.azurecr.io:8443', undefined],
])('%s is in the cloud %s', (host, cloud) => expect(cloudOfHost(host)).toBe(cloud))

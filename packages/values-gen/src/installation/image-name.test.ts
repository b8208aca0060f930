import { describe, expect, it } from 'vitest'
import { canHoldImages } from './image-name.ts'

describe('image names below a repository', () => {
  it.each([
    'registry.internal',
    'registry.internal:5000/gitpod',
    'Registry.Internal/gitpod',
    'registry.internal:70000/gitpod',
    'localhost/gitpod',
    '10.0.0.1:5000/a/b',
    'registry_1.internal/gitpod',
    'registry.internal/a__b/c--d/e.f',
    'docker.io/gitpod',
    `registry.internal/${'a'.repeat(211)}`,
  ])('can be made for %j, with dropImageRepo as well', repository => {
    expect(canHoldImages(repository, false)).toBe(true)
    expect(canHoldImages(repository, true)).toBe(true)
  })

  it.each(['docker.io', 'index.docker.io/gitpod', 'harbor/gitpod', 'gitpod', 'registry.internal/gitpod/'])(
    'can be made for %j, but not with dropImageRepo: they are not in their full form',
    repository => {
      expect(canHoldImages(repository, false)).toBe(true)
      expect(canHoldImages(repository, true)).toBe(false)
    },
  )

  it.each([
    '[2001:db8::1]/gitpod',
    'https://registry.internal/gitpod',
    'registry.internal/Gitpod',
    'registry.internal/gitpod:1',
    'registry.internal//gitpod',
    'registry.internal/gitpod//',
    'registry.internal/a___b',
    'registry.internal/_a',
    'registry-.internal/a',
    'registry.internal:port/a',
    'user@registry.internal/a',
    `registry.internal/${'a'.repeat(212)}`,
    '',
  ])('cannot be made for %j', repository => {
    expect(canHoldImages(repository, false)).toBe(false)
  })
})

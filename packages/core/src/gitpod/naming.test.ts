import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatReference, parseReference } from '@gpreg/oci'
import { parsePrefix } from '@gpreg/oci/engine'
import { liesBelow, targetNames, type Naming, type NamingOptions } from './naming.ts'

const to = parsePrefix('registry.internal:5000/gitpod')
const names = (source: string, naming: Naming, options?: NamingOptions) =>
  targetNames(parseReference(source), to, naming, options).map(formatReference)
const pin = `sha256:${'a'.repeat(64)}`

describe('targetNames', () => {
  it('swaps the prefix of Gitpod images and the host of others, as the installer does', () => {
    expect(names('eu.gcr.io/gitpod-core-dev/build/ide/code:nightly', 'installer')).toEqual([
      'registry.internal:5000/gitpod/ide/code:nightly',
    ])
    expect(names('redis:6.2', 'installer')).toEqual(['registry.internal:5000/gitpod/library/redis:6.2'])
    expect(names('quay.io/brancz/kube-rbac-proxy:v1', 'installer')).toEqual([
      'registry.internal:5000/gitpod/brancz/kube-rbac-proxy:v1',
    ])
  })

  it('keeps a first path segment that is no host', () => {
    expect(names('busybox:1', 'installer')).toEqual(['registry.internal:5000/gitpod/library/busybox:1'])
    expect(names('gitpod/workspace-full', 'installer')).toEqual([
      'registry.internal:5000/gitpod/gitpod/workspace-full:latest',
    ])
  })

  it('keeps tag and digest', () => {
    expect(names(`redis:6@${pin}`, 'flat')).toEqual([`registry.internal:5000/gitpod/redis:6@${pin}`])
    expect(names(`quay.io/a/b@${pin}`, 'source')).toEqual([`registry.internal:5000/gitpod/a/b@${pin}`])
  })

  it('keeps the whole upstream path with the naming source', () => {
    expect(names('eu.gcr.io/gitpod-core-dev/build/server:1', 'source')).toEqual([
      'registry.internal:5000/gitpod/gitpod-core-dev/build/server:1',
    ])
  })

  it('keeps the path of charts with the naming flat if the release does, and gives both names if the release is unknown', () => {
    const chart = 'docker.io/bitnami/mysql:5.7'
    const flat = 'registry.internal:5000/gitpod/mysql:5.7'
    const kept = 'registry.internal:5000/gitpod/bitnami/mysql:5.7'
    expect(names(chart, 'flat', { chartsKeepPath: false })).toEqual([flat])
    expect(names(chart, 'flat', { chartsKeepPath: true })).toEqual([kept])
    expect(names(chart, 'flat')).toEqual([flat, kept])
  })

  it('keeps the name of an image that is below the prefix already', () => {
    expect(names('registry.internal:5000/gitpod/server:1', 'flat')).toEqual([
      'registry.internal:5000/gitpod/server:1',
    ])
    expect(names('registry.internal:5000/gitpodder/server:1', 'installer')).toEqual([
      'registry.internal:5000/gitpod/gitpodder/server:1',
    ])
  })
})

const segment = fc.stringMatching(/^[a-z0-9]{1,8}$/)
const repository = fc.array(segment, { minLength: 2, maxLength: 4 }).map(path => path.join('/'))
const host = fc.constantFrom('docker.io', 'quay.io', 'eu.gcr.io', 'private.host:5000')

describe('naming properties', () => {
  it('never gives two repositories of one host the same name with installer and source', () => {
    fc.assert(
      fc.property(
        host,
        repository,
        repository,
        fc.constantFrom<Naming>('installer', 'source'),
        (at, a, b, naming) => {
          const one = names(`${at}/${a}:1`, naming)
          const two = names(`${at}/${b}:1`, naming)
          expect(one[0] === two[0]).toBe(a === b)
        },
      ),
    )
  })

  it('gives valid references below the prefix with the same tag, and naming them again changes nothing', () => {
    fc.assert(
      fc.property(
        host,
        repository,
        fc.constantFrom<Naming>('installer', 'flat', 'source'),
        (at, path, naming) => {
          for (const target of targetNames(parseReference(`${at}/${path}:v1`), to, naming)) {
            expect(parseReference(formatReference(target))).toEqual(target)
            expect(liesBelow(to, target)).toBe(true)
            expect(target.tag).toBe('v1')
            expect(targetNames(target, to, naming)).toEqual([target])
          }
        },
      ),
    )
  })
})

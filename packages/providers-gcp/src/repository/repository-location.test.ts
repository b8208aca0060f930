import { isGpregError } from '@gpreg/oci'
import { describe, expect, it } from 'vitest'
import { locationOf } from './repository-location.ts'

const at = { project: 'p1', installation: 'prod', location: 'europe-west1', registry: 'gcr' } as const

describe('the address of images', () => {
  it.each([
    ['europe-west1', 'eu.gcr.io', 'europe'],
    ['asia-southeast1', 'asia.gcr.io', 'asia'],
    ['us-central1', 'gcr.io', 'us'],
    ['northamerica-northeast1', 'gcr.io', 'us'],
    ['australia-southeast1', 'gcr.io', 'us'],
  ])('near %s is on %s, with a repository in %s', (near, host, location) => {
    expect(locationOf({ ...at, location: near })).toEqual({
      project: 'p1',
      location,
      repository: host,
      address: `${host}/p1`,
      registryHost: host,
    })
  })

  it('under pkg.dev has a repository named after the installation, in exactly the given region', () => {
    const address = 'europe-west1-docker.pkg.dev/p1/prod'
    expect(locationOf({ ...at, registry: 'artifact-registry' })).toEqual({
      project: 'p1',
      location: 'europe-west1',
      repository: 'prod',
      address,
      registryHost: address,
    })
  })

  it('of a domain-scoped project has the domain before the project, for the installer, too', () => {
    const project = 'example.com:p1'
    expect(locationOf({ ...at, project })).toMatchObject({
      project,
      address: 'eu.gcr.io/example.com/p1',
      registryHost: 'eu.gcr.io/example.com/p1',
    })
    expect(locationOf({ ...at, project, registry: 'artifact-registry' })).toMatchObject({
      registryHost: 'europe-west1-docker.pkg.dev/example.com/p1/prod',
    })
  })

  it.each(['Prod', '1st', 'a_b', 'ends-', 'x'.repeat(64)])(
    'under pkg.dev cannot have a repository named %s',
    installation => {
      const where = () => locationOf({ ...at, installation, registry: 'artifact-registry' })
      expect(where).toThrow(expect.toSatisfy(error => isGpregError(error, 'usage')))
      expect(locationOf({ ...at, installation }).repository).toBe('eu.gcr.io')
    },
  )
})

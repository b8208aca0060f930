import { describe, expect, it } from 'vitest'
import type { Choice } from './choice.ts'
import { planInstallation } from './installation.ts'
import { s3Endpoint } from './s3-endpoint.ts'

const refused = (choice: Choice, message: RegExp) =>
  expect(() => planInstallation(choice)).toThrowError(
    expect.objectContaining({
      code: 'usage',
      message: expect.stringMatching(message),
      hint: expect.any(String),
    }),
  )

describe('registries and storage', () => {
  it('on AWS: the in-cluster registry and the object storage share a bucket', () => {
    const { registries, objectStorage } = planInstallation({
      kind: 'aws',
      region: 'eu-west-1',
      bucket: 'gitpod',
    })
    expect(registries).toEqual({
      components: { kind: 'public' },
      'workspace-base': { kind: 'public' },
      'workspace-images': {
        kind: 'in-cluster',
        storage: {
          bucket: 'gitpod',
          region: 'eu-west-1',
          endpoint: 's3.eu-west-1.amazonaws.com',
          credentials: { name: 'container-registry-s3-backend' },
        },
      },
    })
    expect(objectStorage).toEqual({
      kind: 's3',
      bucket: 'gitpod',
      region: 'eu-west-1',
      endpoint: 's3.eu-west-1.amazonaws.com',
      credentials: { name: 'storage-s3' },
    })
  })

  it.each([
    ['the same bucket is where the registry has it', {}, 'minio.corp.example:9000'],
    ['the same bucket, named', { storageBucket: 'b' }, 'minio.corp.example:9000'],
    ['another bucket is on AWS', { storageBucket: 'backups' }, 's3.us-east-1.amazonaws.com'],
    ['another store may have the same name', { storageEndpoint: 's3.internal' }, 's3.internal'],
  ])('in a store that is not of AWS: %s', (_, given, endpoint) => {
    const aws = { kind: 'aws', region: 'us-east-1', bucket: 'b' } as const
    const choice = { ...aws, registryEndpoint: 'minio.corp.example:9000', ...given }
    expect(planInstallation(choice).objectStorage).toMatchObject({ endpoint })
  })

  it('on AWS: the same bucket is in the same region, and a warning names the region that does not count', () => {
    const aws = { kind: 'aws', region: 'us-east-1', registryRegion: 'eu-central-1', bucket: 'b' } as const
    const { objectStorage, warnings } = planInstallation(aws)
    const endpoint = 's3.eu-central-1.amazonaws.com'
    expect(objectStorage).toMatchObject({ region: 'eu-central-1', endpoint })
    expect(warnings).toEqual([expect.stringMatching(/^--region us-east-1 has no effect: .* eu-central-1$/)])
    const apart = planInstallation({ ...aws, storageBucket: 'backups' })
    expect(apart.objectStorage).toMatchObject({ region: 'us-east-1' })
    expect(apart.warnings).toEqual([])
  })

  it.each([
    ['gcr.io', 'gcr', 'gcr.io/project'],
    ['eu.gcr.io', 'gcr', 'eu.gcr.io/project'],
    [
      'europe-west1-docker.pkg.dev/project/gitpod',
      'artifact-registry',
      'europe-west1-docker.pkg.dev/project/gitpod',
    ],
  ])('on Google Cloud: %s', (registryHost, kind, address) => {
    const { registries } = planInstallation({
      kind: 'gcp',
      project: 'project',
      region: 'europe-west1',
      registryHost,
    })
    expect(registries['workspace-images']).toMatchObject({ kind, address })
  })

  it('with one registry for all: a Secret for pushing and one for pulling', () => {
    const { registries, allowHosts, workspaceImage } = planInstallation({
      kind: 'external',
      mirror: 'registry.internal:5000/gitpod/',
      singleRegistry: true,
    })
    const address = 'registry.internal:5000/gitpod'
    expect(registries).toEqual({
      components: { kind: 'external', address, credentials: { name: 'mirror-registry' } },
      'workspace-base': { kind: 'external', address, credentials: { name: 'mirror-registry' } },
      'workspace-images': { kind: 'external', address, credentials: { name: 'container-registry' } },
    })
    expect(allowHosts).toEqual(['registry.internal:5000', 'docker.io'])
    expect(workspaceImage).toBe(`${address}/gitpod/workspace-full:latest`)
  })

  it('with one registry for all on Azure: it replaces the registry of the cloud', () => {
    const { registries, objectStorage } = planInstallation({
      kind: 'azure',
      registry: 'gitpod.azurecr.io',
      region: 'westeurope',
      mirror: 'registry.internal/gitpod',
      singleRegistry: true,
    })
    expect(registries['workspace-images']).toMatchObject({
      kind: 'external',
      address: 'registry.internal/gitpod',
    })
    expect(objectStorage).toMatchObject({ kind: 'azure' })
  })

  it('with dropImageRepo: the base image has no path either', () => {
    const { workspaceImage } = planInstallation({
      kind: 'in-cluster',
      mirror: 'r.internal/g',
      dropImageRepo: true,
    })
    expect(workspaceImage).toBe('r.internal/g/workspace-full:latest')
  })
})

describe('refuses', () => {
  const ecr = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/gitpod'
  it('ECR for workspace images, and only warns about ECR as a mirror', () => {
    refused({ kind: 'external', registry: ecr }, /12 hours/)
    refused({ kind: 'external', mirror: ecr, singleRegistry: true }, /12 hours/)
    expect(planInstallation({ kind: 'in-cluster', mirror: ecr }).warnings).toEqual([
      expect.stringMatching(/12 hours/),
    ])
  })

  it('what is no image as the image of workspaces', () => {
    expect(() => planInstallation({ kind: 'in-cluster', workspaceImage: 'u:p@a.b/c' })).toThrow(/has a login/)
  })

  it.each<[string, Choice, RegExp]>([
    ['a scheme', { kind: 'external', registry: 'https://r.internal' }, /scheme/],
    ['upper case', { kind: 'external', registry: 'R.internal/Gitpod' }, /lower case/],
    [
      'a scheme in an endpoint',
      { kind: 'aws', region: 'r', bucket: 'b', storageEndpoint: 'https://s3' },
      /scheme/,
    ],
    [
      'a path in an endpoint',
      { kind: 'aws', region: 'r', bucket: 'b', registryEndpoint: 's3.internal/b' },
      /path/,
    ],
    [
      'a mirror that reads as a path on Docker Hub',
      { kind: 'in-cluster', mirror: 'registry/gitpod' },
      /docker\.io/,
    ],
    ['no registry', { kind: 'external' }, /which registry/],
    ['a URL as the domain', { kind: 'in-cluster', domain: 'https://a.b/' }, /no domain name/],
    ['a domain with a port', { kind: 'in-cluster', domain: 'a.b:443' }, /no domain name/],
    ['a domain without a dot', { kind: 'in-cluster', domain: 'gitpod' }, /no domain name/],
    ['a URL as the bucket', { kind: 'aws', region: 'r', bucket: 's3://b' }, /no name of a bucket/],
    ['a bucket with a space', { kind: 'aws', region: 'r', bucket: 'My Bucket' }, /no name of a bucket/],
    [
      'an ARN as the bucket of the storage',
      { kind: 'aws', region: 'r', bucket: 'b', storageBucket: 'arn:aws:s3:::c' },
      /no name of a bucket/,
    ],
    [
      'a path in the bucket of the registry in the cluster',
      { kind: 'in-cluster', s3: { bucket: 'b/registry', region: 'r' } },
      /no name of a bucket/,
    ],
    ['a scheme in a host', { kind: 'in-cluster', allowHosts: ['https://a.b'] }, /scheme/],
    ['a login in a URL', { kind: 'external', registry: 'http://u:p@a.b/c' }, /"…@a.b\/c"/],
    ['one registry, but none named', { kind: 'in-cluster', singleRegistry: true }, /--single-registry/],
    ['flat names without a mirror', { kind: 'in-cluster', dropImageRepo: true }, /--drop-image-repo/],
    [
      'one registry, but two named',
      { kind: 'external', registry: 'a.internal', mirror: 'b.internal', singleRegistry: true },
      /are two/,
    ],
    [
      'Artifact Registry without a repository',
      { kind: 'gcp', project: 'p', region: 'r', registryHost: 'europe-docker.pkg.dev' },
      /no repository/,
    ],
  ])('%s', (_, choice, message) => refused(choice, message))
})

it('warns if base images would be pulled without credentials', () => {
  const { warnings } = planInstallation({
    kind: 'in-cluster',
    mirror: 'r.internal/g',
    allowHosts: ['other.internal'],
  })
  expect(warnings).toEqual([expect.stringContaining('r.internal is not among --allow-host')])
})

it.each([
  ['eu-west-1', 's3.eu-west-1.amazonaws.com'],
  ['us-east-1', 's3.us-east-1.amazonaws.com'],
  ['us-gov-west-1', 's3.us-gov-west-1.amazonaws.com'],
  ['cn-north-1', 's3.cn-north-1.amazonaws.com.cn'],
  ['eusc-de-east-1', 's3.eusc-de-east-1.amazonaws.eu'],
])('the endpoint of %s is %s', (region, endpoint) => {
  expect(s3Endpoint(region)).toBe(endpoint)
})

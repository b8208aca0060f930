import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { completeChoice } from '../installation/choice.ts'
import { planInstallation } from '../installation/installation.ts'
import { secretManifests } from '../secrets/manifests.ts'
import { parseTerraformOutputs } from './outputs.ts'

const read = (outputs: object) => parseTerraformOutputs(printed(outputs), 'outputs.json')
/** The outputs in the JSON that Terraform prints. */
const printed = (outputs: object) =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(outputs).map(([name, value]) => [name, { sensitive: true, type: 'dynamic', value }]),
    ),
  )
/** The names of the Secrets that still lack credentials. */
const missing = (outputs: object) => {
  const { choice, values } = read(outputs)
  return secretManifests(planInstallation(completeChoice(choice)), values).missing.map(({ name }) => name)
}

const key = JSON.stringify({
  type: 'service_account',
  project_id: 'project',
  private_key: 'secret',
  client_email: 'gitpod@project',
})
const shared = { url: 'gitpod.example.com', cluster_name: 'gitpod', nameservers: ['ns1.example.com'] }

describe('gke', () => {
  const registry = { url: 'eu.gcr.io/project', server: 'eu.gcr.io', username: '_json_key', password: key }
  const storage = { region: 'europe-west1', project: 'project', service_account_key: key }

  it('with everything', () => {
    const { choice, values, files, notes } = read({ ...shared, region: 'europe-west1', registry, storage })
    expect(choice).toEqual({
      kind: 'gcp',
      domain: 'gitpod.example.com',
      project: 'project',
      region: 'europe-west1',
      registryHost: 'eu.gcr.io/project',
    })
    expect(values.registry!.password.reveal()).toBe(key)
    expect([files, notes, missing({ registry, storage })]).toEqual([{}, [], []])
    expect(planInstallation(completeChoice(choice)).registries['workspace-images']).toMatchObject({
      kind: 'gcr',
      address: 'eu.gcr.io/project',
    })
  })

  it('without a registry, or without storage', () => {
    const noRegistry = read({ registry: 'No container registry created', storage })
    expect(noRegistry.choice).toEqual({ kind: 'gcp', project: 'project', region: 'europe-west1' })
    expect(noRegistry.notes).toEqual([expect.stringContaining('gcr.io/project')])
    const noStorage = read({ registry, storage: 'No GCS bucket created for object storage' })
    expect(noStorage.choice).toEqual({ kind: 'external', registry: 'eu.gcr.io/project' })
    expect(noStorage.values).toMatchObject({ registry: { username: '_json_key' } })
    expect(noStorage.notes).toHaveLength(1)
  })

  it('of 2022.08, with sentences in place of keys', () => {
    const outputs = {
      registry: {
        ...registry,
        password: 'Copy paste the content of the service account credentials JSON file',
      },
      storage: {
        region: 'europe-west1',
        project: 'project',
        credentials: 'Upload the JSON file corresponding the service account credentials',
      },
    }
    const { choice, values, notes } = read(outputs)
    expect([choice.kind, values]).toEqual(['gcp', {}])
    expect(notes).toEqual([expect.stringContaining('--service-account-key')])
    expect(missing(outputs)).toEqual(['container-registry', 'storage-gcp'])
  })
})

describe('k3s', () => {
  it('names the file of the key', () => {
    const { choice, values, files, notes } = read({
      ...shared,
      registry: {
        url: 'gcr.io/project',
        server: 'gcr.io',
        username: '_json_key',
        password_file_path: '/keys/gitpod.json',
      },
      storage: { region: 'europe-west1', project: 'project', service_account_key_path: '/keys/gitpod.json' },
    })
    expect(choice).toMatchObject({ kind: 'gcp', registryHost: 'gcr.io/project' })
    expect(files).toEqual({ registry: '/keys/gitpod.json', storage: '/keys/gitpod.json' })
    expect([values, notes]).toEqual([{}, []])
  })
})

describe('eks', () => {
  const bucket = (name: string, region = 'eu-west-1') => ({
    region,
    endpoint: `s3.${region}.amazonaws.com`,
    bucket_name: name,
    access_key_id: `AKIA-${name}`,
    secret_access_key: 'secret',
  })
  const none = 'No s3 bucket created for object storage'

  it('with one bucket for the registry and one for the object storage', () => {
    const outputs = { ...shared, storage: bucket('store'), registry_backend: bucket('reg', 'eu-north-1') }
    const { choice, values, notes } = read(outputs)
    expect(choice).toEqual({
      kind: 'aws',
      domain: 'gitpod.example.com',
      region: 'eu-west-1',
      bucket: 'reg',
      registryRegion: 'eu-north-1',
      registryEndpoint: 's3.eu-north-1.amazonaws.com',
      storageBucket: 'store',
      storageEndpoint: 's3.eu-west-1.amazonaws.com',
    })
    expect(values).toMatchObject({
      registryStorage: { accessKeyId: 'AKIA-reg' },
      storage: { accessKeyId: 'AKIA-store' },
    })
    expect([notes, missing(outputs)]).toEqual([[], []])
  })

  it('with one bucket that the registry shares with the object storage', () => {
    const outputs = {
      storage: bucket('store'),
      registry_backend: 'No s3 bucket created for registry backend.',
    }
    const { choice, values, notes } = read(outputs)
    expect(choice).toMatchObject({ kind: 'aws', bucket: 'store', storageBucket: 'store' })
    expect(values.registryStorage).toMatchObject({ accessKeyId: 'AKIA-store' })
    expect([notes, missing(outputs)]).toEqual([[expect.stringContaining('shares store')], []])
  })

  it('with a bucket for the registry alone', () => {
    const { choice, notes } = read({ storage: none, registry_backend: bucket('reg') })
    const endpoint = 's3.eu-west-1.amazonaws.com'
    expect(choice).toEqual({ kind: 'in-cluster', s3: { bucket: 'reg', region: 'eu-west-1', endpoint } })
    expect(notes).toHaveLength(1)
  })

  it('of 2022.08 gets the endpoint of its region', () => {
    const { choice } = read({ storage: { ...bucket('store'), endpoint: 's3.amazonaws.com' } })
    const { registries, objectStorage } = planInstallation(completeChoice(choice))
    const endpoint = 's3.eu-west-1.amazonaws.com'
    expect([registries['workspace-images'], objectStorage]).toMatchObject([
      { storage: { endpoint } },
      { endpoint },
    ])
  })

  it('with ECR, which is not used', () => {
    const server = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/gitpod'
    const registry = { server, username: 'AWS', password: 'token' }
    const { choice, values, notes } = read({ registry, storage: bucket('store') })
    expect([choice.kind, values.registry]).toEqual(['aws', undefined])
    expect(notes).toContainEqual(expect.stringContaining('12 hours'))
  })
})

describe('aks', () => {
  const registry = {
    url: 'gitpod.azurecr.io',
    server: 'gitpod.azurecr.io',
    username: 'gitpod',
    password: 'secret',
  }
  const storage = { storage_region: 'westeurope', account_name: 'gitpod', account_key: 'key==' }

  it('with everything', () => {
    const { choice, values, notes } = read({ ...shared, registry, storage })
    expect(choice).toEqual({
      kind: 'azure',
      domain: 'gitpod.example.com',
      registry: 'gitpod.azurecr.io',
      region: 'westeurope',
    })
    expect(values).toMatchObject({ registry: { username: 'gitpod' }, storage: { accountName: 'gitpod' } })
    expect([notes, missing({ registry, storage })]).toEqual([[], []])
  })

  it('without a registry, or without storage', () => {
    expect(read({ registry: {}, storage })).toMatchObject({
      choice: { kind: 'azure', region: 'westeurope' },
      notes: [expect.stringMatching(/--registry/)],
    })
    expect(read({ registry, storage: {} })).toMatchObject({
      choice: { kind: 'external', registry: 'gitpod.azurecr.io' },
      notes: [expect.stringMatching(/object storage/)],
    })
  })
})

it.each([
  { registry: 'No container registry created', storage: 'No GCS bucket created for object storage' },
  { registry: {}, storage: {} },
  { registry_backend: 'No s3 bucket created for registry backend.', storage: 'No s3 bucket created' },
])('registry and storage stay in the cluster if Terraform created neither: %j', outputs => {
  expect(read(outputs)).toMatchObject({
    choice: { kind: 'in-cluster' },
    values: {},
    notes: [expect.stringMatching(/in the cluster/)],
  })
})

it.each([
  ['plain text', 'hunter2'],
  ['the value of one output', JSON.stringify({ server: 'hunter2', password: 'hunter2' })],
  ['outputs of other modules', printed({ hunter2: 'hunter2' })],
  ['outputs of an unknown shape', printed({ registry: { login: 'hunter2' }, storage: {} })],
  ['an incomplete bucket', printed({ storage: { bucket_name: 'hunter2', region: 'hunter2' } })],
])('%s: the error contains nothing of the file', (_, text) => {
  const parse = () => parseTerraformOutputs(text, 'outputs.json')
  expect(parse).toThrowError(expect.objectContaining({ code: 'input-invalid', hint: expect.any(String) }))
  expect(parse).toThrowError(expect.toSatisfy(error => !inspect(error).includes('hunter2')))
})

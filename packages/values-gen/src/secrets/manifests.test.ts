import { type Login, Sensitive } from '@gpreg/oci'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Choice } from '../installation/choice.ts'
import { planInstallation } from '../installation/installation.ts'
import { secretManifests } from './manifests.ts'
import type { SecretValues } from './values.ts'

const login = (username: string): Login => ({ username, password: new Sensitive(`${username}-password`) })
const accessKey = { accessKeyId: 'AKIA', secretAccessKey: new Sensitive('secret') }
const auth = (username: string) => ({
  username,
  password: `${username}-password`,
  auth: Buffer.from(`${username}:${username}-password`).toString('base64'),
})

const secretsOf = (choice: Choice, values: SecretValues = {}) =>
  secretManifests(planInstallation(choice), values)
/** The decoded content of each Secret. */
const contents = (choice: Choice, values: SecretValues) =>
  Object.fromEntries(
    secretsOf(choice, values).manifests.map(({ name, yaml }) => {
      const { data } = parse(yaml.reveal()) as { data: Record<string, string> }
      return [name, Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decoded(value)]))]
    }),
  )
const decoded = (value: string) => {
  const text = Buffer.from(value, 'base64').toString('utf8')
  return text.startsWith('{"auths"') ? (JSON.parse(text) as { auths: unknown }).auths : text
}

const mirror = 'mirror.internal:5000/gitpod'
const both: SecretValues = { registry: login('push'), mirror: login('pull') }

it('a Secret has a name, a namespace, a type and data, and nothing else', () => {
  const [secret] = secretManifests(
    planInstallation({ kind: 'in-cluster', mirror }),
    { mirror: login('pull') },
    { namespace: 'gitpod' },
  ).manifests
  expect(secret).toMatchObject({ name: 'mirror-registry', role: 'mirror', fileName: 'mirror-registry.yaml' })
  expect(parse(secret!.yaml.reveal())).toEqual({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'mirror-registry', namespace: 'gitpod' },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': expect.any(String) },
  })
})

describe('docker configs', () => {
  it('name bare hosts; the config for the registry holds the mirror too, the config for the mirror holds nothing else', () => {
    const choice: Choice = { kind: 'external', registry: 'push.internal/workspaces', mirror }
    expect(contents(choice, both)).toEqual({
      'container-registry': {
        '.dockerconfigjson': { 'mirror.internal:5000': auth('pull'), 'push.internal': auth('push') },
      },
      'mirror-registry': { '.dockerconfigjson': { 'mirror.internal:5000': auth('pull') } },
    })
  })

  it('for a registry on the host of the mirror hold only the login that may push', () => {
    const choice: Choice = { kind: 'external', registry: 'mirror.internal:5000/workspaces', mirror }
    expect(contents(choice, both)).toEqual({
      'container-registry': { '.dockerconfigjson': { 'mirror.internal:5000': auth('push') } },
      'mirror-registry': { '.dockerconfigjson': { 'mirror.internal:5000': auth('pull') } },
    })
  })

  it('name Docker Hub as image-builder, registry-facade and kubelet do', () => {
    const secrets = contents({ kind: 'external', registry: 'docker.io/gitpod' }, { registry: login('push') })
    expect(secrets['container-registry']!['.dockerconfigjson']).toEqual({
      'docker.io': auth('push'),
      'registry-1.docker.io': auth('push'),
      'https://index.docker.io/v1/': auth('push'),
    })
  })

  it('are merged if they have the same name', () => {
    const choice: Choice = {
      kind: 'external',
      registry: 'push.internal',
      mirror,
      secretNames: { registry: 'registries', mirror: 'registries' },
    }
    expect(contents(choice, both)).toEqual({
      registries: {
        '.dockerconfigjson': { 'mirror.internal:5000': auth('pull'), 'push.internal': auth('push') },
      },
    })
  })
})

describe('one registry for all', () => {
  const choice: Choice = { kind: 'external', mirror, singleRegistry: true }
  const config = (username: string) => ({ '.dockerconfigjson': { 'mirror.internal:5000': auth(username) } })

  it('with two logins pulls with the one that only pulls', () => {
    expect(contents(choice, both)).toEqual({
      'container-registry': config('push'),
      'mirror-registry': config('pull'),
    })
    expect(secretsOf(choice, both).warnings).toEqual([])
  })

  it.each([{ registry: login('one') }, { mirror: login('one') }])('with one login warns', values => {
    expect(contents(choice, values)).toEqual({
      'container-registry': config('one'),
      'mirror-registry': config('one'),
    })
    expect(secretsOf(choice, values)).toMatchObject({
      missing: [],
      warnings: [expect.stringMatching(/mirror-registry can push/)],
    })
  })
})

describe('a mirror and a workspace registry on one host', () => {
  const registry = 'mirror.internal:5000/workspaces'
  const choice: Choice = { kind: 'external', mirror, registry }

  it('warn that the login that pushes must pull, too', () => {
    expect(contents(choice, both)['container-registry']).toEqual({
      '.dockerconfigjson': { 'mirror.internal:5000': auth('push') },
    })
    expect(secretsOf(choice, both).warnings).toEqual([
      expect.stringMatching(/^container-registry .* must be able to pull from mirror\.internal:5000\/gitpod/),
    ])
  })

  it.each<[string, Choice, SecretValues]>([
    ['one login for both', choice, { registry: login('one'), mirror: login('one') }],
    ['one login alone', choice, { registry: login('push') }],
    ['hosts of their own', { ...choice, registry: 'other.internal/workspaces' }, both],
  ])('warn of nothing with %s', (_, choice, values) => {
    expect(secretsOf(choice, values).warnings).toEqual([])
  })
})

it.each<[string, Choice, SecretValues, object]>([
  [
    'AWS',
    { kind: 'aws', region: 'eu-west-1', bucket: 'b' },
    { registryStorage: accessKey, storage: accessKey },
    {
      'container-registry-s3-backend': { s3AccessKey: 'AKIA', s3SecretKey: 'secret' },
      'storage-s3': { accessKeyId: 'AKIA', secretAccessKey: 'secret' },
    },
  ],
  [
    'Google Cloud',
    { kind: 'gcp', project: 'p', region: 'r' },
    { storage: { json: new Sensitive('{}\n') } },
    { 'storage-gcp': { 'service-account.json': '{}\n' } },
  ],
  [
    'Azure',
    { kind: 'azure', registry: 'x.azurecr.io', region: 'r' },
    { storage: { accountName: 'x', accountKey: new Sensitive('key') } },
    { 'storage-azure': { accountName: 'x', accountKey: 'key' } },
  ],
  [
    'a private authority',
    { kind: 'in-cluster', privateCa: true },
    { ca: 'PEM' },
    { 'ca-certificate': { 'ca.crt': 'PEM' } },
  ],
])('the keys are those the installer looks for: %s', (_, choice, values, expected) => {
  expect(contents(choice, values)).toEqual(expected)
})

it.each<[Choice, string[][]]>([
  [{ kind: 'in-cluster' }, []],
  [
    { kind: 'in-cluster', s3: { bucket: 'b', region: 'r' } },
    [['container-registry-s3-backend', '--s3-credentials']],
  ],
  [
    { kind: 'aws', region: 'r', bucket: 'b', mirror, privateCa: true },
    [
      ['container-registry-s3-backend', '--registry-credentials'],
      ['mirror-registry', '--mirror-credentials'],
      ['storage-s3', '--storage-credentials'],
      ['ca-certificate', '--ca-file'],
    ],
  ],
  [
    { kind: 'gcp', project: 'p', region: 'r' },
    [
      ['container-registry', '--service-account-key'],
      ['storage-gcp', '--service-account-key'],
    ],
  ],
  [
    { kind: 'azure', registry: 'x.azurecr.io', region: 'r' },
    [
      ['container-registry', '--registry-credentials'],
      ['storage-azure', '--storage-account and --storage-key-file'],
    ],
  ],
  [
    { kind: 'external', mirror, singleRegistry: true },
    [
      ['container-registry', '--mirror-credentials or --registry-credentials'],
      ['mirror-registry', '--mirror-credentials'],
    ],
  ],
])('each Secret without content is listed with the flag that takes it: %j', (choice, expected) => {
  const { manifests, missing } = secretsOf(choice)
  expect(manifests).toEqual([])
  expect(missing.map(({ name, flag }) => [name, flag])).toEqual(expected)
})

it('a credential of another cloud counts as missing', () => {
  const { missing } = secretsOf({ kind: 'gcp', project: 'p', region: 'r' }, { storage: accessKey })
  expect(missing.map(({ name }) => name)).toContain('storage-gcp')
})

it('one name for Secrets of two types is refused', () => {
  const choice: Choice = {
    kind: 'aws',
    region: 'r',
    bucket: 'b',
    mirror,
    secretNames: { registry: 'one', mirror: 'one' },
  }
  expect(() => secretsOf(choice, { registryStorage: accessKey, mirror: login('pull') })).toThrowError(
    expect.objectContaining({ code: 'usage' }),
  )
})

import { Sensitive } from '@gpreg/oci'
import { describe, expect, it } from 'vitest'
import { generateValues } from './generate.ts'
import type { Choice } from './installation/choice.ts'

const choice = {
  kind: 'aws',
  region: 'eu-west-1',
  bucket: 'gitpod',
  mirror: 'registry.internal/gitpod',
} as const
const key = { accessKeyId: 'AKIA', secretAccessKey: new Sensitive('canary') }
const values = {
  registryStorage: key,
  storage: key,
  mirror: { username: 'pull', password: new Sensitive('canary') },
}

it('writes every Secret that the configuration names', () => {
  const { secrets } = generateValues({ choice, values, format: 'installer' })
  expect(secrets.manifests.map(({ name }) => name).toSorted()).toEqual([
    'container-registry-s3-backend',
    'mirror-registry',
    'storage-s3',
  ])
  expect(secrets.missing).toEqual([])
})

it('writes no Secret that KOTS creates, and warns that a name for it has no effect', () => {
  const named = { ...choice, secretNames: { registry: 'mine' } }
  const { secrets, text, warnings } = generateValues({ choice: named, values, format: 'kots' })
  expect(text).toBeInstanceOf(Sensitive)
  expect(secrets.manifests.map(({ name }) => name)).toEqual(['mirror-registry'])
  expect(warnings).toEqual([expect.stringContaining('--secret-name registry')])
})

it('warns of a name for a Secret that the configuration does not name', () => {
  const secretNames = { registry: 'mine', mirror: 'pulls' }
  const named: Choice = { kind: 'in-cluster', mirror: choice.mirror, secretNames }
  const { warnings } = generateValues({ choice: named, values, format: 'installer' })
  expect(warnings).toEqual([
    expect.stringMatching(/^--secret-name registry=… has no effect: .* no such Secret/),
  ])
})

it('writes each field at the path that the release reads', () => {
  const { text } = generateValues({ choice, values, format: 'installer', release: '2022.05.2' })
  expect(text).toMatch(/defaultBaseImageRegistryWhitelist:\s+- registry\.internal/)
  expect(text).not.toContain('privateBaseImageAllowList')
})

it.each(['2022.05.2', '2022.08.0'])('has no variables for %s, whose installer reads none', release => {
  expect(() => generateValues({ choice, values, format: 'env', release })).toThrow(
    expect.objectContaining({ code: 'usage', message: expect.stringContaining(release) }),
  )
  expect(generateValues({ choice, values, format: 'env', release: '2022.09.2' }).text).toContain('STORE_')
})

describe('an existing configuration', () => {
  const base = (text: string, choice: Choice, release?: string) =>
    generateValues({
      choice,
      values: { mirror: values.mirror, registry: values.mirror },
      format: 'installer',
      base: { path: 'c.yaml', text },
      ...(release === undefined ? {} : { release }),
    })
  const mirrored: Choice = { kind: 'in-cluster', mirror: 'registry.internal/gitpod' }
  const own = 'registry.corp.example/team/base:1'

  it.each([
    [`workspace: {workspaceImage: "${own}"}`, undefined],
    [`experimental: {webApp: {server: {workspaceDefaults: {workspaceImage: "${own}"}}}}`, undefined],
    [`workspace: {workspaceImage: "${own}"}`, '2022.05.2'],
  ])('keeps its base image, and a warning says so: %s for %s', (text, release) => {
    const made = base(text, mirrored, release)
    expect(String(made.text)).toContain(own)
    expect(String(made.text)).not.toContain('workspace-full')
    expect(made.warnings).toContainEqual(expect.stringContaining(`stays ${own}`))
  })

  it('takes the base image that a flag names', () => {
    const made = base(`workspace: {workspaceImage: "${own}"}`, {
      ...mirrored,
      workspaceImage: 'quay.io/x/y:1',
    })
    expect(String(made.text)).not.toContain(own)
  })

  it('keeps the names of its Secrets, which the written Secrets have too, unless a flag names others', () => {
    const text =
      'containerRegistry: {inCluster: false, external: {url: a.b, certificate: {kind: secret, name: mine}}}'
    const choice: Choice = { kind: 'external', registry: 'registry.internal/images' }
    const made = base(text, choice)
    expect(String(made.text)).toContain('name: mine')
    expect(made.secrets.manifests.map(({ name }) => name)).toEqual(['mine'])
    expect(String(base(text, { ...choice, secretNames: { registry: 'other' } }).text)).toContain(
      'name: other',
    )
    const outside = base(text.replace('mine', '../mine'), choice)
    expect(outside.secrets.manifests.map(({ name }) => name)).toEqual(['container-registry'])
  })

  it('warns of its private base image only if its allow list lacks the host', () => {
    const text = `workspace: {workspaceImage: "${own}"}`
    const listed = `experimental: {webapp: {server: {defaultBaseImageRegistryWhitelist: [registry.corp.example]}}}\n${text}`
    const warning = expect.stringContaining('--allow-host registry.corp.example')
    expect(base(text, { kind: 'in-cluster' }).warnings).toContainEqual(warning)
    expect(base(listed, { kind: 'in-cluster' }).warnings).not.toContainEqual(warning)
  })

  it.each(['kots', 'env'] as const)('is refused for the format %s, which writes no configuration', format => {
    const request = { choice, values, format, base: { path: 'c.yaml', text: 'domain: a.b' } }
    expect(() => generateValues(request)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(`--format ${format}`) }),
    )
  })

  it('keeps dropImageRepo of the same mirror', () => {
    const flat = 'dropImageRepo: true\nrepository: registry.internal/gitpod\n'
    expect(String(base(flat, mirrored).text)).toContain('dropImageRepo: true')
    expect(String(base(flat, { ...mirrored, mirror: 'other.internal/x' }).text)).not.toContain(
      'dropImageRepo',
    )
  })
})

describe('before the installer runs', () => {
  const warningsFor = (choice: Choice) => generateValues({ choice, values, format: 'installer' }).warnings
  const s3 = { bucket: 'b', region: 'us-east-1' }

  it.each<[Choice, RegExp]>([
    [{ kind: 'external', registry: 'ghcr.io' }, /ghcr\.io\/OWNER/],
    [{ kind: 'in-cluster', mirror: 'quay.io' }, /quay\.io\/NAMESPACE/],
    [{ kind: 'aws', region: 'eu-west-1', bucket: 'b', mirror: 'registry.gitlab.com/x' }, /GROUP\/PROJECT/],
    [{ kind: 'azure', region: 'x', registry: 'docker.io' }, /docker\.io\/NAMESPACE/],
    [{ kind: 'in-cluster', mirror: 'docker.io/corp' }, /no path below the namespace/],
    [{ kind: 'external', registry: 'localhost:5000' }, /localhost:5000 is each pod itself/],
    [{ kind: 'gcp', region: 'x', project: 'p', mirror: 'gcr.io' }, /gcr\.io\/PROJECT/],
    [{ kind: 'in-cluster', s3: { ...s3, endpoint: 's3.internal:9000' } }, /https alone.*KMS/],
    [{ kind: 'aws', ...s3, registryEndpoint: 'store.internal' }, /https alone/],
    [{ kind: 'aws', ...s3, storageEndpoint: 'minio.a.svc:9000' }, /asked by https/],
    [
      { kind: 'in-cluster', workspaceImage: 'registry.corp.example/a:1' },
      /--allow-host registry\.corp\.example/,
    ],
  ])('%j is warned about', (choice, warning) => {
    expect(warningsFor(choice)).toContainEqual(expect.stringMatching(warning))
  })

  it('nothing is said of a bucket of AWS and of an address with its namespace', () => {
    const choice: Choice = { kind: 'aws', ...s3, mirror: 'ghcr.io/owner', workspaceImage: 'quay.io/a/b' }
    expect(warningsFor(choice)).toEqual([])
  })

  it.each<Choice>([
    { kind: 'external', registry: 'http://registry.internal' },
    { kind: 'in-cluster', mirror: 'http://registry.internal/x' },
    { kind: 'in-cluster', s3: { ...s3, endpoint: 'http://minio:9000' } },
  ])('plain HTTP is refused with the reason: %j', choice => {
    expect(() => warningsFor(choice)).toThrowError(
      expect.objectContaining({ code: 'usage', hint: expect.stringContaining('certificate') }),
    )
  })
})

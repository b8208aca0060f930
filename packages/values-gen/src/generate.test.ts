import { Sensitive } from '@gpreg/oci'
import { expect, it } from 'vitest'
import { generateValues } from './generate.ts'

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

it('writes each field at the path that the release reads', () => {
  const { text } = generateValues({ choice, values, format: 'installer', release: '2022.05.2' })
  expect(text).toMatch(/defaultBaseImageRegistryWhitelist:\s+- registry\.internal/)
  expect(text).not.toContain('privateBaseImageAllowList')
})

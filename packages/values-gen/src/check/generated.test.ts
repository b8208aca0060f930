import { knownReleases } from '@gpreg/core'
import { describe, expect, it } from 'vitest'
import { generateValues } from '../generate.ts'
import type { Choice } from '../installation/choice.ts'
import { checkConfig } from './check.ts'

const common = { domain: 'gitpod.example.com', mirror: 'registry.internal:5000/gitpod' }

const CHOICES: readonly Choice[] = [
  { kind: 'in-cluster', domain: 'gitpod.example.com' },
  { kind: 'in-cluster', ...common, s3: { bucket: 'b', region: 'eu-west-1' } },
  { kind: 'aws', ...common, region: 'eu-west-1', bucket: 'b', registryRegion: 'us-east-1' },
  { kind: 'gcp', ...common, project: 'p', region: 'europe-west1' },
  { kind: 'azure', ...common, registry: 'x.azurecr.io', region: 'westeurope', dropImageRepo: true },
  {
    kind: 'external',
    ...common,
    singleRegistry: true,
    privateCa: true,
    allowHosts: ['registry.internal:5000'],
  },
]

describe.each(knownReleases())('a configuration that gpreg values writes for %s', release => {
  it.each(CHOICES)('has no findings: $kind', choice => {
    const { text } = generateValues({ choice, values: {}, format: 'installer', release })
    expect(checkConfig(text as string, { path: '-', release }).findings).toEqual([])
  })
})

it('a comment explains each silenced warning, and the warning comes back without its gpreg:known mark', () => {
  const { text } = generateValues({ choice: CHOICES[4]!, values: {}, format: 'installer' })
  expect(text).toMatch(/# .*last name.*\n# gpreg:known drop-image-repo\ndropImageRepo: true/)
  const bare = (text as string).replace('# gpreg:known drop-image-repo\n', '')
  expect(checkConfig(bare, { path: '-' }).findings).toEqual([
    expect.objectContaining({ code: 'drop-image-repo', level: 'warning' }),
  ])
})

it.each([
  ['dropImageRepo: true # gpreg:known drop-image-repo', 0],
  ['# gpreg:known private-ca, drop-image-repo\n# more\ndropImageRepo: true', 0],
  ['# gpreg:known private-ca\ndropImageRepo: true', 1],
  ['# gpreg:known drop-image-repo\n\ndropImageRepo: true', 1],
])(
  'a gpreg:known mark counts on the line of the field and in the comment right above: %j',
  (line, warnings) => {
    const text = `apiVersion: v1\ndomain: gitpod.example.com\nrepository: r.internal/g\nimagePullSecrets: [{kind: secret, name: a}]\ncontainerRegistry:\n  inCluster: false\n  external: {url: r.internal/g, certificate: {kind: secret, name: b}}\n  privateBaseImageAllowList: [r.internal]\nworkspace: {workspaceImage: "r.internal/g/workspace-full:latest"}\n${line}\n`
    const { findings } = checkConfig(text, { path: '-' })
    expect(findings.filter(({ code }) => code === 'drop-image-repo')).toHaveLength(warnings)
  },
)

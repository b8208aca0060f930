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

/** Nothing that another choice would avoid: what must be done outside the file. */
const UNAVOIDABLE = ['facade-credentials', 'drop-image-repo', 'private-ca', 'experimental-ignored']

describe.each(knownReleases())('what gpreg values writes for %s', release => {
  it.each(CHOICES)('holds: $kind', choice => {
    const { text } = generateValues({ choice, values: {}, format: 'installer', release })
    const { findings } = checkConfig(text as string, { path: '-', release })
    expect(findings.filter(({ code }) => !UNAVOIDABLE.includes(code))).toEqual([])
  })
})

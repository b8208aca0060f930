import { describe, expect, it } from 'vitest'
import { renderDoctor } from './doctor.ts'
import { renderProvision, valuesStep, type ProvisionDocument } from './provision.ts'

const document: ProvisionDocument = {
  kind: 'ProvisionResult',
  version: 1,
  cloud: 'aws',
  goal: 'present',
  dryRun: false,
  changes: [{ resource: 's3:bucket/b', action: 'create', reason: 'for blobs' }],
  checks: [
    { name: 'write', status: 'ok' },
    { name: 'encrypted write', status: 'warning', detail: 'refused', hint: 'set up a key' },
  ],
  notes: ['nodes must reach S3'],
  files: { provision: 'provision.json', secrets: 's3.json' },
  next: ['gpreg values aws --from provision.json'],
}

describe('the output of provision', () => {
  it('lists the changes, the checks, the notes, the files and the next commands', () => {
    expect(renderProvision(document).split('\n')).toEqual([
      'create s3:bucket/b: for blobs',
      '',
      'ok      write',
      'warning encrypted write  refused',
      '        hint: set up a key',
      'note:    nodes must reach S3',
      'written: provision.json, s3.json',
      'next:    gpreg values aws --from provision.json',
    ])
  })

  it('lists only the changes of a dry run', () => {
    const { files: _, ...rest } = document
    expect(renderProvision({ ...rest, dryRun: true, checks: [], notes: [], next: [] })).toBe(
      'create s3:bucket/b: for blobs',
    )
  })
})

describe('the command after provision', () => {
  const bucket = { kind: 'aws', region: 'r', bucket: 'b', registryEndpoint: 's3.internal' } as const

  it('names the bucket of an object storage that was not made', () => {
    expect(valuesStep(bucket, 'p.json')).toBe(
      'gpreg values aws --from p.json --domain DOMAIN --storage-bucket NAME --storage-credentials FILE -o gitpod.config.yaml --secrets DIR',
    )
  })

  it('names none where it was made, or is in another kind of cloud', () => {
    const azure = { kind: 'azure', registry: 'r.azurecr.io', region: 'r' } as const
    for (const choice of [{ ...bucket, storageBucket: 'b' }, azure])
      expect(valuesStep(choice, 'p.json')).toBe(
        `gpreg values ${choice.kind} --from p.json --domain DOMAIN -o gitpod.config.yaml --secrets DIR`,
      )
  })
})

describe('the output of doctor', () => {
  it('ends with each purpose and the checks that block it', () => {
    const lines = renderDoctor({
      kind: 'DoctorResult',
      version: 1,
      registry: 'r.internal/gitpod',
      checks: [{ name: 'push', status: 'failed', detail: 'answered 500', hint: 'look at its log' }],
      purposes: [
        { purpose: 'components', status: 'blocked', blockedBy: ['push'] },
        { purpose: 'workspace-base', status: 'ok', blockedBy: [] },
      ],
    }).split('\n')
    expect(lines).toEqual([
      'failed  push  answered 500',
      '        hint: look at its log',
      '',
      'r.internal/gitpod cannot serve components: see push',
      'r.internal/gitpod can serve workspace-base',
    ])
  })
})

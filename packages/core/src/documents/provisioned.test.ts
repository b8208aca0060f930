import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parseProvisioned, parseProvisionedSecrets } from './provisioned.ts'

const aws = { kind: 'aws', region: 'eu-west-1', bucket: 'gitpod' }

describe('the document of gpreg provision', () => {
  it('has the choice, and the path of the credentials', () => {
    const content = JSON.stringify({
      kind: 'Provisioned',
      version: 1,
      choice: aws,
      secretsFile: 'secrets.json',
    })
    expect(parseProvisioned(content, 'provision.json')).toMatchObject({
      choice: aws,
      secretsFile: 'secrets.json',
    })
  })

  it.each([
    ['no JSON', '{'],
    ['a newer version', JSON.stringify({ kind: 'Provisioned', version: 2, choice: aws })],
    ['another cloud', JSON.stringify({ kind: 'Provisioned', version: 1, choice: { kind: 'oracle' } })],
    ['something else', JSON.stringify({ kind: 'Lock', version: 1 })],
  ])('is refused if it is %s', (_, content) => {
    expect(() => parseProvisioned(content, 'provision.json')).toThrowError(
      expect.objectContaining({ code: 'input-invalid', hint: expect.any(String) }),
    )
  })
})

describe('the credentials of gpreg provision', () => {
  const key = { accessKeyId: 'AKIA', secretAccessKey: 'canary-key' }
  const content = JSON.stringify({
    kind: 'ProvisionedSecrets',
    version: 1,
    registryStorage: key,
    storage: key,
  })

  it('are hidden as soon as they are read', () => {
    const values = parseProvisionedSecrets(content, 'secrets.json')
    expect(values.registryStorage?.secretAccessKey.reveal()).toBe('canary-key')
    expect(`${inspect(values, { depth: 9 })}${JSON.stringify(values)}`).not.toContain('canary')
  })

  it('are not in the error for an invalid document', () => {
    const broken = content.replace('"version":1', '"version":9')
    let thrown: unknown
    try {
      parseProvisionedSecrets(broken, 'secrets.json')
    } catch (error) {
      thrown = error
    }
    expect(inspect(thrown, { depth: 9 })).toContain('secrets.json')
    expect(inspect(thrown, { depth: 9 })).not.toContain('canary')
  })
})

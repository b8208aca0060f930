import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Choice } from '../installation/choice.ts'
import { planInstallation } from '../installation/installation.ts'
import { envVariables, formatEnv } from './envvars.ts'

const variablesOf = (choice: Choice) =>
  Object.fromEntries(envVariables(planInstallation(choice)).map(({ name, value }) => [name, value]))

describe('the variables of', () => {
  it.each<[string, Choice, Record<string, string>]>([
    [
      'an in-cluster registry on a volume (the default)',
      { kind: 'in-cluster', domain: 'gitpod.io' },
      { DOMAIN: 'gitpod.io' },
    ],
    [
      'AWS',
      { kind: 'aws', region: 'eu-west-1', bucket: 'b', secretNames: { storage: 'mine' } },
      {
        REGISTRY_INCLUSTER_ENABLED: '1',
        REGISTRY_INCLUSTER_STORAGE: 's3',
        REGISTRY_INCLUSTER_STORAGE_S3_REGION: 'eu-west-1',
        REGISTRY_INCLUSTER_STORAGE_S3_ENDPOINT: 's3.eu-west-1.amazonaws.com',
        REGISTRY_INCLUSTER_STORAGE_S3_BUCKET_NAME: 'b',
        REGISTRY_INCLUSTER_STORAGE_S3_CERTIFICATE_NAME: 'container-registry-s3-backend',
        STORE_PROVIDER: 's3',
        STORE_REGION: 'eu-west-1',
        STORE_S3_ENDPOINT: 's3.eu-west-1.amazonaws.com',
        STORE_S3_BUCKET: 'b',
        STORE_S3_CREDENTIALS_NAME: 'mine',
      },
    ],
    [
      'Google Cloud',
      { kind: 'gcp', project: 'p', region: 'europe-west1' },
      {
        REGISTRY_INCLUSTER_ENABLED: '0',
        REGISTRY_URL: 'gcr.io/p',
        REGISTRY_EXTERNAL_CERTIFICATE_NAME: 'container-registry',
        STORE_PROVIDER: 'gcp',
        STORE_REGION: 'europe-west1',
        STORE_GCP_PROJECT: 'p',
        STORE_GCP_SERVICE_ACCOUNT_NAME: 'storage-gcp',
      },
    ],
    [
      'Azure',
      { kind: 'azure', registry: 'x.azurecr.io', region: 'westeurope' },
      {
        REGISTRY_INCLUSTER_ENABLED: '0',
        REGISTRY_URL: 'x.azurecr.io',
        REGISTRY_EXTERNAL_CERTIFICATE_NAME: 'container-registry',
        STORE_PROVIDER: 'azure',
        STORE_REGION: 'westeurope',
        STORE_AZURE_CREDENTIALS_NAME: 'storage-azure',
      },
    ],
    [
      'more allowed hosts',
      { kind: 'in-cluster', allowHosts: ['b', 'a'] },
      {
        REGISTRY_DOCKER_CONFIG_ENABLED: '1',
        REGISTRY_DOCKER_CONFIG_JSON: '{ "auths": { "b": "", "a": "" } }',
      },
    ],
    [
      'a flat mirror',
      {
        kind: 'in-cluster',
        mirror: 'r.internal:5000/g',
        dropImageRepo: true,
        allowHosts: ['a.io', 'r.internal:5000'],
      },
      {
        HAS_LOCAL_REGISTRY: '1',
        LOCAL_REGISTRY_ADDRESS: 'r.internal:5000/g',
        LOCAL_REGISTRY_HOST: 'r.internal:5000',
        IMAGE_PULL_SECRET_NAME: 'mirror-registry',
        REGISTRY_DOCKER_CONFIG_ENABLED: '1',
        REGISTRY_DOCKER_CONFIG_JSON: '{ "auths": { "a.io": "" } }',
        ADVANCED_MODE_ENABLED: '1',
        CONFIG_PATCH: '{"workspace":{"workspaceImage":"r.internal:5000/g/workspace-full:latest"}}',
      },
    ],
    [
      'a flat mirror that is not an allowed host',
      {
        kind: 'in-cluster',
        mirror: 'r.internal/g',
        dropImageRepo: true,
        allowHosts: ['a.io'],
        workspaceImage: 'a.io/b',
      },
      {
        HAS_LOCAL_REGISTRY: '1',
        LOCAL_REGISTRY_ADDRESS: 'r.internal/g',
        LOCAL_REGISTRY_HOST: 'a.io',
        IMAGE_PULL_SECRET_NAME: 'mirror-registry',
        ADVANCED_MODE_ENABLED: '1',
        CONFIG_PATCH: '{"workspace":{"workspaceImage":"a.io/b"}}',
      },
    ],
  ])('%s', (_, choice, expected) => expect(variablesOf(choice)).toEqual(expected))

  it('a mirror that keeps paths contain a patch', () => {
    const { CONFIG_PATCH, ADVANCED_MODE_ENABLED, HAS_LOCAL_REGISTRY } = variablesOf({
      kind: 'in-cluster',
      mirror: 'r.internal/g',
    })
    expect([ADVANCED_MODE_ENABLED, HAS_LOCAL_REGISTRY]).toEqual(['1', undefined])
    expect(JSON.parse(CONFIG_PATCH!)).toMatchObject({ repository: 'r.internal/g' })
  })
})

describe('the lines of the file', () => {
  it('are quoted only if a shell needs it', () => {
    expect(formatEnv([{ name: 'A', value: 'r.internal:5000/g' }])).toBe('A=r.internal:5000/g\n')
    expect(formatEnv([{ name: 'A', value: `{ "it's": "$HOME" }` }])).toBe(`A='{ "it'\\''s": "$HOME" }'\n`)
  })

  it('give a shell exactly the value', () => {
    const value = fc.string({ unit: 'grapheme' }).filter(text => !text.includes('\0'))
    fc.assert(
      fc.property(value, text => {
        const script = `${formatEnv([{ name: 'A', value: text }])}printf %s "$A"`
        expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })).toBe(text)
      }),
      { numRuns: 30 },
    )
  })
})

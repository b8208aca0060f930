import { serviceAccountLogin } from '@gpreg/core'
import { Sensitive } from '@gpreg/oci'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Choice } from '../installation/choice.ts'
import { planInstallation } from '../installation/installation.ts'
import type { SecretValues } from '../secrets/values.ts'
import { kotsConfigValues } from './config-values.ts'

const secret = (text: string) => new Sensitive(text)
const login = { username: 'user', password: secret('pass"word') }
const accessKey = { accessKeyId: 'AKIA', secretAccessKey: secret('s3') }
const key = { json: secret('{\n  "type": "service_account",\n  "private_key": "a\\nb"\n}\n') }
const keyOnOneLine = '{  "type": "service_account",  "private_key": "a\\nb"}'

function options(choice: Choice, values: SecretValues = {}): Record<string, string> {
  const { apiVersion, kind, spec } = parse(kotsConfigValues(planInstallation(choice), values).reveal()) as {
    apiVersion: string
    kind: string
    spec: { values: Record<string, { value: string; data: string }> }
  }
  expect([apiVersion, kind]).toEqual(['kots.io/v1beta1', 'ConfigValues'])
  return Object.fromEntries(
    Object.entries(spec.values).map(([name, { value, data }]) => {
      expect(data).toBe(name)
      expect(value).toBeTypeOf('string')
      return [name, value]
    }),
  )
}
const decoded = (value: string | undefined) =>
  parse(Buffer.from(value!, 'base64').toString('utf8')) as unknown

describe('the options are the same as in Gitpod’s own files', () => {
  it('on AWS', () => {
    const choice: Choice = { kind: 'aws', region: 'eu-west-1', bucket: 'reg', storageBucket: 'store' }
    expect(options(choice, { registryStorage: accessKey, storage: accessKey })).toEqual({
      reg_incluster: '1',
      reg_incluster_storage: 's3',
      reg_incluster_storage_s3_region: 'eu-west-1',
      reg_incluster_storage_s3_endpoint: 's3.eu-west-1.amazonaws.com',
      reg_incluster_storage_s3_bucketname: 'reg',
      reg_incluster_storage_s3_accesskey: 'AKIA',
      reg_incluster_storage_s3_secretkey: 's3',
      store_provider: 's3',
      store_region: 'eu-west-1',
      store_s3_endpoint: 's3.eu-west-1.amazonaws.com',
      store_s3_bucket: 'store',
      store_s3_access_key_id: 'AKIA',
      store_s3_secret_access_key: 's3',
    })
  })

  it.each([key.json.reveal(), keyOnOneLine])('on Google Cloud, with the key on one line', json => {
    const registry = { username: '_json_key', password: secret(json) }
    const given = options(
      { kind: 'gcp', project: 'project', region: 'europe-west1' },
      { registry, storage: key },
    )
    expect(given).toEqual({
      reg_incluster: '0',
      reg_url: 'gcr.io/project',
      reg_server: 'gcr.io',
      reg_username: '_json_key',
      reg_password: keyOnOneLine,
      store_provider: 'gcp',
      store_region: 'europe-west1',
      store_gcp_project: 'project',
      store_gcp_credentials: Buffer.from(keyOnOneLine).toString('base64'),
    })
    expect(serviceAccountLogin(key).password.reveal()).toBe(given['reg_password'])
  })

  it('on Azure, without a server because the URL has no path', () => {
    expect(
      options(
        { kind: 'azure', registry: 'x.azurecr.io', region: 'westeurope' },
        { registry: login, storage: { accountName: 'x', accountKey: secret('k==') } },
      ),
    ).toEqual({
      reg_incluster: '0',
      reg_url: 'x.azurecr.io',
      reg_username: 'user',
      reg_password: 'pass"word',
      store_provider: 'azure',
      store_region: 'westeurope',
      store_azure_account_name: 'x',
      store_azure_access_key: 'k==',
    })
  })

  it('for an in-cluster registry on a volume', () => {
    expect(options({ kind: 'in-cluster', domain: 'gitpod.example.com' })).toEqual({
      domain: 'gitpod.example.com',
      reg_incluster: '1',
      reg_incluster_storage: 'none',
    })
  })
})

it('options without a value are left out', () => {
  expect(options({ kind: 'azure', registry: 'x.azurecr.io', region: 'r' })).toEqual({
    reg_incluster: '0',
    reg_url: 'x.azurecr.io',
    store_provider: 'azure',
    store_region: 'r',
  })
})

describe('a mirror', () => {
  const choice: Choice = {
    kind: 'in-cluster',
    mirror: 'r.internal/gitpod',
    allowHosts: ['r.internal', 'base.internal'],
    dropImageRepo: true,
    privateCa: true,
  }

  it('is written as a patch of the configuration', () => {
    const { advanced_mode_enabled, config_patch } = options(choice)
    expect(advanced_mode_enabled).toBe('1')
    expect(decoded(config_patch)).toEqual({
      repository: 'r.internal/gitpod',
      imagePullSecrets: [{ kind: 'secret', name: 'mirror-registry' }],
      dropImageRepo: true,
      containerRegistry: { privateBaseImageAllowList: ['r.internal', 'base.internal', 'docker.io'] },
      workspace: { workspaceImage: 'r.internal/gitpod/workspace-full:latest' },
      customCACert: { kind: 'secret', name: 'ca-certificate' },
    })
  })

  const auths = (values: SecretValues, from: Choice = choice) => {
    const { reg_docker_config_enable, reg_docker_config } = options(from, values)
    expect(reg_docker_config_enable).toBe('1')
    return Object.keys((decoded(reg_docker_config) as { auths: object }).auths)
  }

  it('has its login added to the login of the registry', () => {
    expect(auths({ mirror: login })).toEqual(['r.internal'])
    const external: Choice = { kind: 'external', registry: 'push.internal', mirror: 'r.internal/gitpod' }
    expect(auths({ mirror: login, registry: login }, external)).toEqual(['r.internal'])
  })

  it('that is also the workspace registry needs no second login', () => {
    const single = options(
      { kind: 'external', mirror: 'r.internal/gitpod', singleRegistry: true },
      { mirror: login },
    )
    expect(single).toMatchObject({ reg_server: 'r.internal', reg_username: 'user' })
    expect(single).not.toHaveProperty('reg_docker_config')
  })

  it('on Docker Hub has its login added under the names that KOTS leaves out', () => {
    const hub: Choice = { kind: 'external', registry: 'docker.io/team' }
    expect(auths({ registry: login }, hub)).toEqual(['registry-1.docker.io', 'https://index.docker.io/v1/'])
  })
})

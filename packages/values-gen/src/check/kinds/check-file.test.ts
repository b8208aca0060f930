import { Sensitive } from '@gpreg/oci'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { generateValues } from '../../generate.ts'
import type { Choice } from '../../installation/choice.ts'
import { checkFile } from './check-file.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const docker = (host: string) => base64(JSON.stringify({ auths: { [host]: { auth: base64('a:b') } } }))
const found = (text: string) =>
  checkFile(text, { path: '-' }).findings.map(({ level, code, path }) => `${level} ${code} ${path}`)
const values = (options: object) =>
  stringify({
    apiVersion: 'kots.io/v1beta1',
    kind: 'ConfigValues',
    spec: {
      values: Object.fromEntries(Object.entries(options).map(([name, value]) => [name, { value }])),
    },
  })

describe('ConfigValues are checked by the configuration that they make', () => {
  it.each<[object, string[]]>([
    [{ domain: 'gitpod.example.com' }, []],
    [{ reg_incluster: '0', reg_url: 'registry.internal/x' }, []],
    [{ domain: 'gitpod' }, ['error value-format spec.values.domain.value']],
    [
      { reg_incluster: '0', reg_url: 'https://registry.internal/x' },
      ['warning registry-url-scheme spec.values.reg_url.value'],
    ],
    [{ reg_incluster: '0', reg_url: 'ghcr.io' }, ['warning registry-namespace spec.values.reg_url.value']],
    [{ reg_incluster: '1', reg_url: 'ghcr.io' }, []],
    [
      {
        reg_incluster_storage: 's3',
        reg_incluster_storage_s3_region: 'eu-west-1',
        reg_incluster_storage_s3_bucketname: 'b',
      },
      ['warning s3-endpoint-region spec.values.reg_incluster_storage_s3_endpoint.value'],
    ],
    [
      { store_provider: 's3', store_region: 'eu-west-1', store_s3_endpoint: 's3.eu-west-1.amazonaws.com' },
      [],
    ],
    [
      { advanced_mode_enabled: '1', config_patch: base64('repository: https://x.y/z\n') },
      ['error repository-reference spec.values.config_patch.value'],
    ],
    [{ advanced_mode_enabled: '0', config_patch: base64('repository: https://x.y/z\n') }, []],
    [{ config_patch: 'repository: x.y' }, ['error kots-value spec.values.config_patch.value']],
    [{ reg_incluster: 1 }, ['error kots-value spec.values.reg_incluster.value']],
    [{ domain: '${DOMAIN}', reg_incluster: '0', reg_url: '${URL}' }, []],
  ])('%j', (options, findings) => {
    expect(found(values(options))).toEqual(findings)
  })

  it('those for a mirror with a login ask for no step that KOTS takes, in any release', () => {
    const mirror = { username: 'pull', password: new Sensitive('canary') }
    const choice: Choice = { kind: 'in-cluster', domain: 'gitpod.example.com', mirror: 'r.internal/g' }
    for (const release of ['2022.05.2', '2022.11.3']) {
      const { text } = generateValues({ choice, values: { mirror }, format: 'kots', release })
      const { findings } = checkFile((text as Sensitive).reveal(), { path: '-', release })
      expect(findings).toEqual([])
    }
  })

  it.each([
    ['no logins', {}],
    [
      'a login for another host',
      { reg_docker_config_enable: '1', reg_docker_config: docker('other.internal') },
    ],
    ['logins that are off', { reg_docker_config_enable: '0', reg_docker_config: docker('r.internal') }],
  ])('those for a mirror with %s are told how KOTS gets the login', (_, logins) => {
    const patch = `repository: r.internal/g
imagePullSecrets: [{kind: secret, name: m}]
containerRegistry: {privateBaseImageAllowList: [r.internal]}
`
    const text = values({ ...logins, advanced_mode_enabled: '1', config_patch: base64(patch) })
    expect(checkFile(text, { path: '-' }).findings).toEqual([
      expect.objectContaining({
        code: 'facade-credentials',
        hint: expect.stringContaining('reg_docker_config'),
      }),
    ])
  })

  it.each<Choice>([
    { kind: 'aws', domain: 'gitpod.example.com', region: 'eu-west-1', bucket: 'b', mirror: 'r.internal/g' },
    { kind: 'external', domain: 'gitpod.example.com', registry: 'r.internal/x', mirror: 'm.internal/g' },
  ])('those that gpreg writes have no errors: $kind', choice => {
    const { text } = generateValues({ choice, values: {}, format: 'kots' })
    const { totals } = checkFile((text as Sensitive).reveal(), { path: '-' })
    expect(totals.errors).toBe(0)
  })
})

describe('Secrets are checked by their type and keys', () => {
  const secret = (type: string | undefined, data: object) =>
    stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, type, data })
  const DOCKER = 'kubernetes.io/dockerconfigjson'
  const at = 'data[".dockerconfigjson"]'

  it.each<[string, string[]]>([
    [secret(DOCKER, { '.dockerconfigjson': docker('registry.internal') }), []],
    [secret('Opaque', { s3AccessKey: 'YQ==', s3SecretKey: 'YQ==' }), []],
    [secret(undefined, { 'ca.crt': 'YQ==' }), []],
    [secret(DOCKER, { other: 'YQ==' }), ['error secret-data type']],
    [secret('Opaque', { '.dockerconfigjson': docker('registry.internal') }), ['warning secret-type type']],
    [secret(DOCKER, { '.dockerconfigjson': base64('no JSON') }), [`error secret-data ${at}`]],
    [secret(DOCKER, { '.dockerconfigjson': '{"auths":{}}' }), [`error secret-data ${at}`]],
    [secret(DOCKER, { '.dockerconfigjson': base64('{"auths":{}}') }), [`warning secret-logins ${at}`]],
    [
      secret(DOCKER, { '.dockerconfigjson': docker('https://r.internal/x') }),
      [`warning secret-logins ${at}`],
    ],
    [secret(DOCKER, { '.dockerconfigjson': docker('https://index.docker.io/v1/') }), []],
    [secret('Opaque', { s3AccessKey: 'YQ==' }), ['warning secret-keys type']],
    [secret('Opaque', { password1: 'YQ==' }), ['warning secret-keys type']],
  ])('%s', (text, findings) => {
    expect(found(text)).toEqual(findings)
  })

  it('in several documents each is named', () => {
    const text = `${secret('Opaque', { accountName: 'YQ==' })}---\n${secret(DOCKER, { '.dockerconfigjson': docker('registry.internal') })}`
    expect(checkFile(text, { path: '-' }).findings).toEqual([
      expect.objectContaining({ code: 'secret-keys', message: expect.stringMatching(/^s: .*accountKey/) }),
    ])
  })
})

it('any other file is checked as a configuration', () => {
  expect(found('domain: gitpod.example.com\nkind: Full\n')).toEqual([])
  expect(found('kind: Deployment\n')).toContain('error value-unknown kind')
})

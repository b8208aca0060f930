import { parseServiceAccountKey, serviceAccountLogin } from '@gpreg/core'
import { isGpregError } from '@gpreg/oci'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAccessKey, parseLogin, parseStorageAccount } from './credentials.ts'

const auth = (login: string) => ({ auth: Buffer.from(login).toString('base64') })
const config = (auths: object, rest: object = {}) => JSON.stringify({ auths, ...rest })
const loginIn = (content: string, host = 'r.internal:5000') => {
  const { username, password } = parseLogin(content, host, 'login.json')
  return `${username} ${password.reveal()}`
}
const refused = (run: () => unknown, hint: RegExp = /./) =>
  expect(run).toThrowError(
    expect.objectContaining({ code: 'input-invalid', hint: expect.stringMatching(hint) }),
  )

describe('a login', () => {
  it('is read from {"username","password"}', () => {
    expect(loginIn('{"username":"robot$pull","password":"p:w"}')).toBe('robot$pull p:w')
  })

  it.each([
    ['r.internal:5000', { 'r.internal:5000': auth('one:p:w') }],
    ['r.internal:5000', { 'https://r.internal:5000/v2/': auth('one:p:w') }],
    ['r.internal:5000', { 'r.internal:5000/team': auth('one:p:w') }],
    ['r.internal:5000', { 'r.internal:5000/team': auth('two:x'), 'r.internal:5000': auth('one:p:w') }],
    ['r.internal:5000', { 'r.internal:5000': { username: 'one', password: 'p:w' } }],
    ['docker.io', { 'https://index.docker.io/v1/': auth('one:p:w') }],
    ['docker.io', { 'registry-1.docker.io': auth('one:p:w') }],
  ])('for %s is found in %j', (host, auths) => {
    expect(loginIn(config(auths), host)).toBe('one p:w')
  })

  it.each([
    ['of another host', config({ 'other.internal': auth('a:b') }), /docker login r\.internal:5000/],
    ['of another port', config({ 'r.internal': auth('a:b') }), /docker login/],
    [
      'of two repositories',
      config({ 'r.internal:5000/a': auth('a:b'), 'r.internal:5000/b': auth('c:d') }),
      /login/,
    ],
    ['kept by a helper', config({ 'r.internal:5000': {} }, { credsStore: 'desktop' }), /helper/],
    ['that is a token', config({ 'r.internal:5000': { ...auth(':'), identitytoken: 'x' } }), /token/],
    ['in a Secret without logins', 'kind: Secret\ndata:\n  .dockerconfigjson: e30=\n', /docker login/],
    [
      'in a Secret of another kind',
      'kind: Secret\ndata:\n  tls.crt: e30=\n',
      /a Secret with \.dockerconfigjson/,
    ],
    ['without a password', '{"username":"a","password":""}', /username/],
    ['with a colon in its name', '{"username":"a:b","password":"c"}', /username/],
  ])('%s is refused', (_, content, hint) => refused(() => loginIn(content), hint))

  it('with any password is read unchanged from a docker config', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), password => {
        expect(loginIn(config({ 'r.internal:5000': auth(`user:${password}`) }))).toBe(`user ${password}`)
      }),
    )
  })
})

const key = {
  type: 'service_account',
  project_id: 'project',
  client_email: 'gitpod@project.iam.gserviceaccount.com',
  private_key: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
}

describe('a service account', () => {
  it('keeps its key file unchanged, and logs in with the JSON on one line', () => {
    const content = JSON.stringify(key, null, 2) + '\n'
    const account = parseServiceAccountKey(content, 'key.json')
    expect(account.json.reveal()).toBe(content)
    const { username, password } = serviceAccountLogin(account)
    expect(username).toBe('_json_key')
    expect(password.reveal()).not.toContain('\n')
    expect(JSON.parse(password.reveal())).toEqual(key)
  })

  it('is refused if the file holds another kind of Google credential', () => {
    refused(
      () => parseServiceAccountKey(JSON.stringify({ ...key, type: 'authorized_user' }), 'key.json'),
      /gcloud/,
    )
  })
})

it('an access key needs an id and a secret', () => {
  const { accessKeyId, secretAccessKey } = parseAccessKey('{"accessKeyId":"AKIA","secretAccessKey":"s"}', 'k')
  expect([accessKeyId, secretAccessKey.reveal()]).toEqual(['AKIA', 's'])
  refused(() => parseAccessKey('{"accessKeyId":"AKIA"}', 'k'), /secretAccessKey/)
})

it('the key of a storage account is the whole file', () => {
  expect(parseStorageAccount('gitpod', 'c2VjcmV0+/==\n', 'k')).toMatchObject({ accountName: 'gitpod' })
  expect(parseStorageAccount('gitpod', 'c2VjcmV0+/==\n', 'k').accountKey.reveal()).toBe('c2VjcmV0+/==')
  refused(
    () => parseStorageAccount('gitpod', 'AccountName=gitpod;AccountKey=c2VjcmV0', 'k'),
    /connection string/,
  )
  refused(() => parseStorageAccount('gitpod', '\n', 'k'))
})

it('no error contains anything of the file', () => {
  const canary = 'hunter2'
  const contents = [
    canary,
    `{"password":"${canary}"`,
    `{"${canary}":1}`,
    `["${canary}"]`,
    `{"auths":"${canary}"}`,
  ]
  const parsers = [
    (content: string) => parseLogin(content, 'r.internal', 'f'),
    (content: string) => parseAccessKey(content, 'f'),
    (content: string) => parseServiceAccountKey(content, 'f'),
    (content: string) => parseStorageAccount('a', `${content};`, 'f'),
  ]
  for (const parse of parsers)
    for (const content of contents) {
      const error = thrownBy(() => parse(content))
      expect(isGpregError(error, 'input-invalid')).toBe(true)
      expect(`${String(error)} ${JSON.stringify(error)} ${String((error as Error).cause)}`).not.toContain(
        canary,
      )
    }
})

function thrownBy(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
const secretWith = (data: object, stringData: object = {}) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data, stringData })

describe('a Kubernetes Secret in place of a credentials file', () => {
  const docker = config({ 'r.internal:5000': auth('one:p:w') })

  it.each([
    ['kubernetes.io/dockerconfigjson', secretWith({ '.dockerconfigjson': base64(docker) })],
    [
      'kubernetes.io/dockercfg',
      secretWith({ '.dockercfg': base64(JSON.stringify({ 'r.internal:5000': auth('one:p:w') })) }),
    ],
    ['stringData', secretWith({}, { '.dockerconfigjson': docker })],
    [
      'stringData over data',
      secretWith({ '.dockerconfigjson': base64('{}') }, { '.dockerconfigjson': docker }),
    ],
    ['username and password', secretWith({ username: base64('one'), password: base64('p:w') })],
    [
      'a List in YAML',
      `kind: List\nitems:\n  - kind: Secret\n    data: {a: YQ==}\n  - kind: Secret\n    data: {.dockerconfigjson: ${base64(docker)}}\n`,
    ],
    [
      'several documents',
      `kind: Secret\ndata: {a: YQ==}\n---\nkind: Secret\ntype: kubernetes.io/dockerconfigjson\nstringData:\n  .dockerconfigjson: |\n    ${docker}\n`,
    ],
  ])('gives a login: %s', (_, content) => {
    expect(loginIn(content)).toBe('one p:w')
  })

  it.each([
    secretWith({ s3AccessKey: base64('AKIA'), s3SecretKey: base64('x') }),
    secretWith({ accessKeyId: base64('AKIA') }, { secretAccessKey: 'x' }),
  ])('gives an access key: %s', content => {
    const { accessKeyId, secretAccessKey } = parseAccessKey(content, 's3.yaml')
    expect([accessKeyId, secretAccessKey.reveal()]).toEqual(['AKIA', 'x'])
  })

  it('gives the key of a storage account', () => {
    const content = secretWith({ accountName: base64('acc'), accountKey: base64('a2V5') })
    expect(parseStorageAccount('acc', content, 'az.yaml').accountKey.reveal()).toBe('a2V5')
  })

  it('that lacks one of two keys is refused', () => {
    refused(() => parseAccessKey(secretWith({ s3AccessKey: base64('AKIA') }), 's3.yaml'))
  })
})

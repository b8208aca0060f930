import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isGpregError, type GpregError } from '../../errors.ts'
import { readDockerConfigFile } from './docker-config-file.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const read = (document: unknown) =>
  readDockerConfigFile(typeof document === 'string' ? document : JSON.stringify(document), 'auth.json')

describe('an entry', () => {
  it.each([
    [{ auth: base64('me:p:w') }, { username: 'me', password: 'p:w' }],
    [{ auth: base64('me:p\0\0') }, { username: 'me', password: 'p' }],
    [{ auth: base64('me:') }, { username: 'me', password: '' }],
    [
      { username: 'me', password: 'pw' },
      { username: 'me', password: 'pw' },
    ],
    [
      { username: 'me', password: 'pw', auth: '' },
      { username: 'me', password: 'pw' },
    ],
    [
      { username: 'me', password: 'pw', auth: null },
      { username: 'me', password: 'pw' },
    ],
    [
      { username: 'old', password: 'old', auth: base64('me:pw') },
      { username: 'me', password: 'pw' },
    ],
    [
      { username: 'me', password: 'pw', auth: 'rubbish' },
      { username: 'me', password: 'pw' },
    ],
    [
      { auth: base64('me:'), identitytoken: 'refresh' },
      { username: 'me', password: '', identityToken: 'refresh' },
    ],
    [{ identitytoken: 'refresh' }, { username: '', password: '', identityToken: 'refresh' }],
    [{ registrytoken: 'bearer' }, { username: '', password: '', registryToken: 'bearer' }],
    [
      { auth: base64('me:pw'), email: 'me@corp', other: 1 },
      { username: 'me', password: 'pw' },
    ],
  ])('%j is a login', (entry, expected) => {
    const login = [['r.corp', expected]]
    expect(read({ auths: { 'r.corp': entry } }).credentials).toEqual(login)
  })

  it.each([{}, null, { auth: null }, { auth: '' }, { auth: 'rubbish' }, { email: 'me@corp' }])(
    '%j is no login',
    entry => expect(read({ auths: { 'r.corp': entry } }).credentials).toEqual([]),
  )
})

it.each([
  '',
  ' \r\n',
  {},
  { auths: null },
  { auths: {}, credHelpers: null, credsStore: null },
  { currentContext: 'desktop-linux' },
  { HttpHeaders: { 'User-Agent': 'x' } },
  { proxies: { default: { httpProxy: 'http://p.corp' } } },
])('%j is a file without logins', document => {
  expect(read(document)).toEqual({ credentials: [], helpers: [], isOldFormat: false })
})

it('helpers may be null', () => {
  const { helpers } = read({ credHelpers: { 'a.corp': 'own', 'b.corp': null } })
  expect(helpers).toEqual([
    ['a.corp', 'own'],
    ['b.corp', ''],
  ])
})

it('hosts at the top level are the old format', () => {
  const old = {
    'https://index.docker.io/v1/': { auth: base64('hub:pw'), email: 'me@corp' },
    'r.corp:5000': { username: 'me', password: 'pw', auth: base64('me:pw') },
  }
  expect(read(old)).toEqual({
    credentials: [
      ['https://index.docker.io/v1/', { username: 'hub', password: 'pw' }],
      ['r.corp:5000', { username: 'me', password: 'pw' }],
    ],
    helpers: [],
    isOldFormat: true,
  })
})

describe('a Kubernetes Secret is refused by name:', () => {
  const data = { '.dockerconfigjson': base64('{"auths":{}}') }
  it.each([
    { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/dockerconfigjson', data },
    { kind: 'Secret', stringData: { password: 'canary' } },
    { data },
    data,
    `apiVersion: v1\nkind: Secret\nmetadata:\n  name: canary\ndata:\n  .dockerconfigjson: eyJ9\n`,
    `# a comment\n---\nkind: "Secret"\n`,
    `data:\n  ".dockercfg": canary\n`,
  ])('%j', document => {
    const error = refused(document)
    expect(error.message).toContain('auth.json is a Kubernetes Secret')
    expect(error.hint).toContain('take .dockerconfigjson out of it')
    expect(JSON.stringify(error)).not.toContain('canary')
  })
})

describe('another shape is refused, and not taken for no login:', () => {
  it.each([
    'null',
    '[]',
    '"auths"',
    '{"auths":',
    'machine r.corp login me password canary',
    'me:$2y$05$canary',
    'auths:\n  r.corp:\n    auth: canary\n',
    { kind: 'ConfigMap', data: { 'config.json': 'canary' } },
    { 'r.corp': 'canary' },
    { username: 'me', password: 'canary' },
    { auths: [] },
    { auths: { 'r.corp': 'canary' } },
    { auths: { 'r.corp': { auth: 1 } } },
    { credHelpers: { 'r.corp': {} } },
  ])('%j', document => {
    const error = refused(document)
    expect(error.message).toContain('not a docker config.json')
    expect(JSON.stringify(error)).not.toContain('canary')
  })

  it('any text is read or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), content => {
        try {
          read(content)
        } catch (error) {
          expect(isGpregError(error, 'input-invalid')).toBe(true)
        }
      }),
    )
  })
})

function refused(document: unknown): GpregError {
  try {
    read(document)
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'input-invalid', subject: { path: 'auth.json' } })
    return thrown as GpregError
  }
  throw new TypeError('it was read')
}

import { expect, it } from 'vitest'
import { findLogin, findOnlyLoginBelow, helperOf, normaliseKey, parseDockerConfig } from './docker-config.ts'

const auth = (login: string) => ({ auth: Buffer.from(login).toString('base64') })
const find = (auths: object, repository: string) =>
  findLogin(parseDockerConfig(JSON.stringify({ auths })), 'r.internal', repository)

it('the most specific entry wins, and NULs at the end of a password are padding', () => {
  const auths = { 'r.internal/team': auth('team:p:w\0\0'), 'https://r.internal/v2/': auth('all:x') }
  expect(find(auths, 'team/app')).toMatchObject({ credential: { username: 'team', password: 'p:w' } })
  expect(find(auths, 'teams')).toMatchObject({ credential: { username: 'all' } })
  expect(find({ 'r.internal/team': auth('team:x') }, 'other')).toBeUndefined()
})

it('the only entry below an address is found there, one of two is not', () => {
  const below = (...keys: string[]) =>
    findOnlyLoginBelow(
      parseDockerConfig(
        JSON.stringify({ auths: Object.fromEntries(keys.map(key => [key, auth(`${key}:x`)])) }),
      ),
      'r.internal',
    )?.username
  expect(below('r.internal/a', 'r.internal.example/a')).toBe('r.internal/a')
  expect(below('r.internal/a', 'r.internal/b')).toBeUndefined()
})

it.each([
  ['r.internal', 'r.internal'],
  ['R.internal:5000', 'r.internal:5000'],
  ['https://r.internal/', 'r.internal'],
  ['HTTP://r.internal:5000/v2/', 'r.internal:5000'],
  ['r.internal/v1', 'r.internal'],
  ['r.internal/v2//', 'r.internal'],
  ['https://r.internal/team/v2/', 'r.internal/team'],
  ['r.internal/team/v2', 'r.internal/team/v2'],
  ['https://index.docker.io/v1/', 'docker.io'],
  ['registry-1.docker.io', 'docker.io'],
  ['index.docker.io/library/redis', 'docker.io/library/redis'],
])('the key %s is read as %s', (key, normal) => {
  expect(normaliseKey(key)).toBe(normal)
  expect(normaliseKey(normal)).toBe(normal)
})

it.each([
  [{ credsStore: 'all' }, 'all'],
  [{ credsStore: '' }, undefined],
  [{ credHelpers: { 'https://r.internal/v2/': 'own' }, credsStore: 'all' }, 'own'],
  [{ credHelpers: { 'r.internal': '' }, credsStore: 'all' }, undefined],
  [{ credHelpers: { 'other.internal': 'own' } }, undefined],
])('the helper in %j is %s', (config, helper) => {
  const parsed = parseDockerConfig(JSON.stringify(config))
  expect(helperOf(parsed, 'r.internal')).toBe(helper)
  expect(findLogin(parsed, 'r.internal', 'app')).toEqual(
    helper === undefined ? undefined : { kind: 'helper', name: helper },
  )
})

const HUB = 'https://index.docker.io/v1/'

it.each([
  ['docker.io', HUB],
  ['docker.io', 'docker.io'],
  ['docker.io', 'index.docker.io'],
  ['docker.io', 'https://registry-1.docker.io/v2/'],
  ['docker.io', 'docker.io/v1/'],
  ['r.corp', 'http://r.corp'],
  ['r.corp', 'https://r.corp/v1/'],
  ['r.corp', 'r.corp/v2/'],
  ['r.corp', 'r.corp/'],
  ['r.corp', 'https://r.corp/artifactory/docker/'],
  ['r.corp:5000', 'https://R.corp:5000/'],
])('a login and a helper for %s are found below %s', (host, key) => {
  const login = parseDockerConfig(JSON.stringify({ auths: { [key]: auth('me:pw') } }))
  expect(findLogin(login, host, 'team/app')).toMatchObject({ credential: { username: 'me' } })
  const helper = parseDockerConfig(JSON.stringify({ credHelpers: { [key]: 'own' } }))
  expect(findLogin(helper, host, 'team/app')).toEqual({ kind: 'helper', name: 'own' })
})

it.each([
  ['r.corp', 'r.corp:443'],
  ['r.corp:5000', 'r.corp'],
  ['r.corp', 'https://r.corp:5000'],
  ['r.corp', 'r.corp/other'],
  ['r.corp', 'xr.corp'],
])('a login for %s is not found below %s', (host, key) => {
  const config = parseDockerConfig(JSON.stringify({ auths: { [key]: auth('me:pw') } }))
  expect(findLogin(config, host, 'team/app')).toBeUndefined()
})

it.each([
  ['docker.io', ['docker.io', HUB, 'index.docker.io'], HUB],
  ['docker.io', ['index.docker.io', 'docker.io', 'registry-1.docker.io'], 'docker.io'],
  ['r.corp', ['https://r.corp', 'r.corp', 'http://r.corp/v2/'], 'r.corp'],
  ['r.corp', ['https://r.corp/v2/', 'http://r.corp'], 'https://r.corp/v2/'],
  ['r.corp', ['https://r.corp/some/path', 'https://r.corp'], 'https://r.corp'],
])('for %s, of %j the login of %s is taken', (host, keys, expected) => {
  const auths = Object.fromEntries(keys.map(key => [key, auth(`${key.replaceAll(':', '_')}:pw`)]))
  const found = findLogin(parseDockerConfig(JSON.stringify({ auths })), host, 'app')
  expect(found).toMatchObject({ credential: { username: expected.replaceAll(':', '_') } })
})

import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gpreg } from '../support/gpreg.ts'
import { makeImage, makeLayer } from '../support/images.ts'
import { startInternalRegistry, type InternalRegistry } from '../support/internal-registry.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'

const SAMPLE = 'docker.io/library/sample:1'

describe.skipIf(needs('docker-registry', 'htpasswd', 'openssl'))('login', () => {
  let registry: InternalRegistry
  let upstream: Upstream
  let home: TemporaryDirectory
  let host: string

  beforeAll(async () => {
    home = await temporaryDirectory()
    registry = await startInternalRegistry()
    upstream = await startUpstream()
    await upstream.add(SAMPLE, makeImage([makeLayer('one', 1000)]))
    host = registry.witness.host
  })

  afterAll(async () => {
    await upstream?.stop()
    await registry?.[Symbol.asyncDispose]()
    await home?.[Symbol.asyncDispose]()
  })

  const trust = () => ['--ca-file', `${host}=${registry.certificates.caFile}`]
  const login = (authfile: string, password: string, ...more: string[]) =>
    gpreg(
      [
        'login',
        host,
        '-u',
        registry.credentials.username,
        '--password-stdin',
        '--authfile',
        authfile,
        ...trust(),
        ...more,
      ],
      { stdin: `${password}\n` },
    )
  const mirror = (authfile: string, env: Record<string, string> = {}) =>
    gpreg(
      [
        'mirror',
        '--image',
        SAMPLE,
        '--source-mirror',
        `docker.io=${upstream.host}/docker.io`,
        '--to',
        `${host}/login`,
      ].concat(trust(), ['--authfile', authfile, '--json']),
      { env },
    )

  it('stores a login that the registry accepts, mirror uses it, and logout deletes it', async () => {
    const authfile = home.join('auth.json')
    const run = await login(authfile, registry.credentials.password, '--json')
    expect(run.exitCode, run.stderr).toBe(0)
    expect(run.json()).toEqual({
      kind: 'LoginResult',
      version: 1,
      host,
      username: registry.credentials.username,
      store: { kind: 'file', path: authfile },
    })
    expect((await stat(authfile)).mode & 0o777).toBe(0o600)
    const copied = await mirror(authfile)
    expect(copied.exitCode, copied.stderr).toBe(0)
    const out = await gpreg(['logout', host, '--authfile', authfile])
    expect(out.stdout).toContain('forgotten')
    expect((await mirror(authfile)).exitCode).toBe(5)
    expect((await gpreg(['logout', host, '--authfile', authfile])).stdout).toContain('there was no login')
  })

  it('stores no login that the registry refuses', async () => {
    const authfile = home.join('kept.json')
    await writeFile(authfile, '{ "auths": {} }')
    const run = await login(authfile, 'canary-wrong')
    expect(run.exitCode).toBe(5)
    expect(run.stderr).toMatch(/hint:/)
    expect(run.stdout + run.stderr).not.toContain('canary')
    expect(await readFile(authfile, 'utf8')).toBe('{ "auths": {} }')
  })

  it('without a terminal: names the flag for the password', async () => {
    const run = await gpreg(['login', host, '-u', 'ada', ...trust()])
    expect(run.exitCode).toBe(2)
    expect(run.stderr).toContain('--password-stdin')
  })

  it.each([
    ['hangs', 'exec sleep 100', 'did not answer'],
    ['prints rubbish', 'echo rubbish', 'JSON'],
    ['fails', 'exit 7', 'exit 7'],
  ])('a helper that %s is named, with advice', async (name, script, message) => {
    const bin = home.join(`bin-${name.replace(' ', '-')}`)
    await mkdir(bin)
    await writeFile(`${bin}/docker-credential-broken`, `#!/bin/sh\n${script}\n`)
    await chmod(`${bin}/docker-credential-broken`, 0o755)
    const authfile = `${bin}/config.json`
    await writeFile(authfile, JSON.stringify({ credHelpers: { [host]: 'broken' } }))
    const run = await mirror(authfile, {
      PATH: `${bin}:${process.env['PATH']}`,
      GPREG_STALL_TIMEOUT: '2',
    })
    expect(run.exitCode).toBe(5)
    const [{ error }] = run.json().images
    expect(error.message).toContain('docker-credential-broken')
    expect(error.message).toContain(message)
    expect(error.hint).toContain('docker-credential-broken get')
  })
})

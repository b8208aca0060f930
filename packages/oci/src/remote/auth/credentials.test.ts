import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import { isGpregError } from '../../errors.ts'
import { askHelper } from './credential-helper.ts'
import { CredentialStore } from './credential-store.ts'
import { oddRegistry, answer } from '../../testing/odd-registry.ts'
import { openRemote } from '../remote.ts'
import { loadCredentials, usualPaths, type Credentials } from './credentials.ts'
import { parseDockerConfig } from './docker-config.ts'

let home: string
beforeEach(async () => void (home = await mkdtemp(join(tmpdir(), 'gpreg-home-'))))
afterEach(() => rm(home, { recursive: true }))

const auth = (user: string, password: string) => ({
  auth: Buffer.from(`${user}:${password}`).toString('base64'),
})
const context = createContext()

async function write(path: string, content: unknown): Promise<string> {
  const file = join(home, path)
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

describe('credential files', () => {
  it('are found where docker and podman look, podman first', async () => {
    await write('.docker/config.json', {
      auths: { 'a.internal': auth('docker', '1'), 'b.internal': auth('docker', '2') },
    })
    await write('.config/containers/auth.json', { auths: { 'a.internal': auth('podman', '3') } })
    const credentials = await loadCredentials(undefined, { HOME: home }, context)
    expect(await credentials.find('a.internal', 'x')).toEqual({ username: 'podman', password: '3' })
    expect(await credentials.find('b.internal', 'x')).toEqual({ username: 'docker', password: '2' })
    expect(await credentials.find('c.internal', 'x')).toBeUndefined()
  })

  it.each([
    ['of root, without a session', { HOME: '/root' }, '/run/containers/0/auth.json', '/root'],
    [
      'with empty variables',
      { HOME: '/root', XDG_RUNTIME_DIR: '', XDG_CONFIG_HOME: '', DOCKER_CONFIG: '' },
      '/run/containers/0/auth.json',
      '/root',
    ],
    [
      'of a session',
      { HOME: '/h', XDG_RUNTIME_DIR: '/run/user/7' },
      '/run/user/7/containers/auth.json',
      '/h',
    ],
  ])('%s are looked for where skopeo looks', (_, env, first, home) => {
    expect(usualPaths(env, 0)).toEqual([
      first,
      `${home}/.config/containers/auth.json`,
      `${home}/.docker/config.json`,
      `${home}/.dockercfg`,
    ])
  })

  it('are not named by an empty variable', async () => {
    await write('.docker/config.json', { auths: { 'a.internal': auth('docker', '1') } })
    const usual = await loadCredentials(undefined, { HOME: home, REGISTRY_AUTH_FILE: '' }, context)
    expect(await usual.find('a.internal', 'x')).toEqual({ username: 'docker', password: '1' })
  })

  it('know Docker Hub by all of its names', async () => {
    const file = await write('auth.json', { auths: { 'https://index.docker.io/v1/': auth('hub', 'p:w') } })
    const credentials = await loadCredentials(file, {}, context)
    expect(await credentials.find('docker.io', 'library/redis')).toEqual({ username: 'hub', password: 'p:w' })
  })

  it('prefer the longest path, as podman does', async () => {
    const file = await write('auth.json', {
      auths: { 'r.internal': auth('all', '1'), 'r.internal/team/app': auth('app', '2') },
    })
    const credentials = await loadCredentials(file, {}, context)
    expect(await credentials.find('r.internal', 'team/app/x')).toMatchObject({ username: 'app' })
    expect(await credentials.find('r.internal', 'team/apple')).toMatchObject({ username: 'all' })
  })

  it('must be readable where they are named, and say so without their content', async () => {
    await expect(loadCredentials(join(home, 'none'), {}, context)).rejects.toMatchObject({
      code: 'input-unreadable',
    })
    const file = await write('broken', '{"auths": secret')
    const error = await loadCredentials(file, {}, context).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'input-invalid' })
    expect(String(error) + JSON.stringify(error)).not.toContain('secret')
  })

  it('are read or refused, whatever they hold', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), text => {
        try {
          parseDockerConfig(text)
        } catch (error) {
          expect(isGpregError(error, 'input-invalid')).toBe(true)
        }
      }),
    )
  })
})

describe('credential helpers', () => {
  async function withHelper(script: string, work: () => Promise<void>): Promise<void> {
    const file = await write('bin/docker-credential-fake', `#!/bin/sh\n${script}\n`)
    await import('node:fs/promises').then(fs => fs.chmod(file, 0o755))
    const path = process.env['PATH']
    process.env['PATH'] = `${join(home, 'bin')}:${path}`
    try {
      await work()
    } finally {
      process.env['PATH'] = path
    }
  }
  const ask = async () => {
    const file = await write('config.json', { credHelpers: { 'r.internal': 'fake' } })
    return (await loadCredentials(file, {}, context)).find('r.internal', 'x')
  }

  it('are asked for the host', () =>
    withHelper(`read host; echo "{\\"Username\\":\\"u-$host\\",\\"Secret\\":\\"s\\"}"`, async () => {
      expect(await ask()).toEqual({ username: 'u-r.internal', password: 's' })
    }))

  it('are asked once, and again for a login that is refused or after a failure', async () => {
    const runs = join(home, 'runs')
    const script = `echo >> ${runs}; n=$(wc -l < ${runs}); [ $n != 2 ] && echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"$n\\"}"`
    await withHelper(script, async () => {
      const file = await write('config.json', { credHelpers: { 'r.internal': 'fake' } })
      const credentials = await loadCredentials(file, {}, context)
      const find = async (refused?: string) => {
        const login = refused && { username: '<token>', password: '', identityToken: refused }
        return (await credentials.find('r.internal', 'x', login || undefined))?.identityToken
      }
      const findAtOnce = (refused?: string) => Promise.all([find(refused), find(refused), find(refused)])
      expect(await findAtOnce()).toEqual(['1', '1', '1'])
      expect(await find('another')).toBe('1')
      await expect(findAtOnce('1')).rejects.toMatchObject({ code: 'unauthorized' })
      expect(await findAtOnce('1')).toEqual(['3', '3', '3'])
      expect(await findAtOnce('1')).toEqual(['3', '3', '3'])
    })
  })

  it('may have nothing', () =>
    withHelper('echo "credentials not found in native keychain"; exit 1', async () => {
      expect(await ask()).toBeUndefined()
    }))

  it.each([
    ['rubbish', 'echo rubbish'],
    ['a failure', 'exit 3'],
  ])('are named where they answer %s', (_, script) =>
    withHelper(script, async () => {
      await expect(ask()).rejects.toMatchObject({
        code: 'unauthorized',
        message: expect.stringContaining('docker-credential-fake'),
      })
    }),
  )

  it('are named where they hang, and what they started does not keep us', () =>
    withHelper('sleep 100', async () => {
      await expect(askHelper('fake', 'r.internal', 200)).rejects.toMatchObject({
        code: 'unauthorized',
        message: 'the credential helper docker-credential-fake did not answer within 0.2 s',
        hint: expect.stringContaining('docker-credential-fake get'),
      })
    }))

  it('are stopped by an interruption', () =>
    withHelper('sleep 100', async () => {
      const file = await write('config.json', { credHelpers: { 'r.internal': 'fake' } })
      const abort = new AbortController()
      const credentials = await loadCredentials(file, {}, createContext({ signal: abort.signal }))
      const found = credentials.find('r.internal', 'x')
      setImmediate(() => abort.abort())
      await expect(found).rejects.toMatchObject({ code: 'aborted' })
      await expect(credentials.find('r.internal', 'x')).rejects.toMatchObject({ code: 'aborted' })
    }))

  it('are named where they are missing', async () => {
    await expect(ask()).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('not installed'),
    })
  })
})

describe('credentials that a program finds itself', () => {
  const guarded = (find: Credentials['find']) => async (call?: { readonly signal: AbortSignal }) => {
    await using registry = await oddRegistry((_, response) =>
      answer(response, 401, '', { 'www-authenticate': 'Basic realm="x"' }),
    )
    await using remote = await openRemote({ credentials: { find } })
    return await remote.artifact(`${registry.host}/app:1`).source.repository.resolve('1', call)
  }

  it('fail as a login does, with the error of the program as the cause', async () => {
    const cause = new TypeError('no such vault')
    const ask = guarded(async () => {
      throw cause
    })
    await expect(ask()).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('no such vault'),
      subject: { side: 'source' },
      cause,
    })
  })

  it('may answer null, as programs without types do', async () => {
    const ask = guarded(async () => null as unknown as undefined)
    await expect(ask()).rejects.toMatchObject({ code: 'unauthorized', subject: { status: 401 } })
  })

  it('are not waited for once the call is aborted', async () => {
    const abort = new AbortController()
    const ask = guarded(() => {
      abort.abort()
      return new Promise(() => {})
    })
    await expect(ask({ signal: abort.signal })).rejects.toMatchObject({ code: 'aborted' })
  })
})

it('the files are found without any argument', async () => {
  const { REGISTRY_AUTH_FILE } = process.env
  const file = await write('auth.json', { auths: { 'a.internal': auth('me', '1') } })
  process.env['REGISTRY_AUTH_FILE'] = file
  try {
    expect(await (await loadCredentials()).find('a.internal', 'x')).toEqual({ username: 'me', password: '1' })
    const place = await new CredentialStore().store('b.internal', { username: 'me', password: '2' })
    expect(place).toEqual({ kind: 'file', path: file })
  } finally {
    if (REGISTRY_AUTH_FILE === undefined) delete process.env['REGISTRY_AUTH_FILE']
    else process.env['REGISTRY_AUTH_FILE'] = REGISTRY_AUTH_FILE
  }
})

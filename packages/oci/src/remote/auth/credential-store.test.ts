import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import { CredentialStore } from './credential-store.ts'
import { loadCredentials } from './credentials.ts'

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpreg-'))
  path = join(directory, 'docker', 'config.json')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const ada = { username: 'ada', password: 'canary: with colon' }
const store = () => new CredentialStore(path, {})
const found = async (host: string) => (await loadCredentials(path, {}, createContext())).find(host, 'app')
const json = async () => JSON.parse(await readFile(path, 'utf8')) as Record<string, Record<string, unknown>>

describe('a login in a file', () => {
  it('is found again, and readable for nobody else', async () => {
    expect(await store().store('registry.internal:5000', ada)).toEqual({ kind: 'file', path })
    expect(await found('registry.internal:5000')).toEqual(ada)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(join(directory, 'docker'))).mode & 0o777).toBe(0o700)
  })

  it('is kept in the file of docker if a variable is empty', async () => {
    const env = { HOME: directory, DOCKER_CONFIG: '', REGISTRY_AUTH_FILE: '' }
    const place = await new CredentialStore(undefined, env).store('registry.internal', ada)
    expect(place).toEqual({ kind: 'file', path: join(directory, '.docker', 'config.json') })
  })

  it('leaves what others keep there, in its order', async () => {
    path = join(directory, 'config.json')
    const before = {
      HttpHeaders: { a: 'b' },
      auths: { 'other.internal': { auth: 'eDp5' } },
      detachKeys: 'ctrl-e',
    }
    await writeFile(path, JSON.stringify(before, undefined, 4))
    await store().store('registry.internal', ada)
    expect(Object.keys(await json())).toEqual(['HttpHeaders', 'auths', 'detachKeys'])
    expect(Object.keys((await json())['auths']!)).toEqual(['other.internal', 'registry.internal'])
    await store().erase('registry.internal')
    expect(await readFile(path, 'utf8')).toBe(`${JSON.stringify(before, undefined, 4)}\n`)
  })

  it('of Docker Hub has the name that docker gives it, and takes the place of one under another', async () => {
    path = join(directory, 'config.json')
    await writeFile(
      path,
      JSON.stringify({
        auths: { 'docker.io': { auth: 'eDp5' }, 'https://index.docker.io/v1/': { auth: 'eDp5' } },
      }),
    )
    await store().store('docker.io', ada)
    expect(Object.keys((await json())['auths']!)).toEqual(['https://index.docker.io/v1/'])
    expect(await found('docker.io')).toEqual(ada)
    expect(await store().erase('docker.io')).toEqual({ kind: 'file', path })
    expect(await store().erase('docker.io')).toBeUndefined()
  })

  it('is kept in an empty file', async () => {
    path = join(directory, 'config.json')
    await writeFile(path, '')
    expect(await found('registry.internal')).toBeUndefined()
    expect(await store().erase('registry.internal')).toBeUndefined()
    await store().store('registry.internal', ada)
    expect(await found('registry.internal')).toEqual(ada)
  })

  it('joins those of the old format below `auths`', async () => {
    path = join(directory, 'config.json')
    await writeFile(path, JSON.stringify({ 'other.internal': { auth: 'eDp5' } }))
    await store().store('registry.internal', ada)
    expect(Object.keys((await json())['auths']!)).toEqual(['other.internal', 'registry.internal'])
    expect(await found('other.internal')).toEqual({ username: 'x', password: 'y' })
  })

  it.each(['{', '[]', '{"auths": 1}'])('is not written into a file that is none: %s', async text => {
    path = join(directory, 'config.json')
    await writeFile(path, text)
    await expect(store().store('registry.internal', ada)).rejects.toMatchObject({ code: 'input-invalid' })
    expect(await readFile(path, 'utf8')).toBe(text)
  })
})

describe('a login with a helper', () => {
  const PATH = process.env['PATH']
  beforeEach(async () => {
    path = join(directory, 'config.json')
    process.env['PATH'] = `${directory}:${PATH}`
    await writeFile(
      join(directory, 'docker-credential-test'),
      `#!/bin/sh
case $1 in
store) cat > ${directory}/kept ;;
get) test -f ${directory}/kept || { echo credentials not found in native keychain; exit 1; }; cat ${directory}/kept ;;
erase) rm ${directory}/kept ;;
esac
`,
    )
    await chmod(join(directory, 'docker-credential-test'), 0o755)
  })
  afterEach(() => void (process.env['PATH'] = PATH))

  it.each([{ credsStore: 'test' }, { credHelpers: { 'registry.internal': 'test' }, credsStore: 'absent' }])(
    'goes where the file says: %j',
    async config => {
      await writeFile(path, JSON.stringify(config))
      expect(await store().store('registry.internal', ada)).toEqual({ kind: 'helper', name: 'test' })
      expect(await readFile(path, 'utf8')).toBe(JSON.stringify(config))
      expect(await found('registry.internal')).toEqual(ada)
      expect(await store().erase('registry.internal')).toEqual({ kind: 'helper', name: 'test' })
      expect(await store().erase('registry.internal')).toBeUndefined()
    },
  )

  it('that is not there is named', async () => {
    await writeFile(path, JSON.stringify({ credsStore: 'absent' }))
    await expect(store().store('registry.internal', ada)).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('docker-credential-absent is not installed'),
    })
  })

  it('that fails does not get its input into the error', async () => {
    await writeFile(join(directory, 'docker-credential-loud'), '#!/bin/sh\ncat >&2\nexit 3\n')
    await chmod(join(directory, 'docker-credential-loud'), 0o755)
    await writeFile(path, JSON.stringify({ credsStore: 'loud' }))
    const error = await store()
      .store('registry.internal', ada)
      .catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ code: 'unauthorized', message: expect.stringContaining('exit 3') })
    expect(JSON.stringify(error) + String((error as Error).cause)).not.toContain('canary')
  })
})

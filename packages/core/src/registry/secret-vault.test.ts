import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fileVault, memoryVault, type SecretVault } from './secret-vault.ts'
import { Sensitive } from '@gpreg/oci'

let directory: string
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-vault-'))))
afterAll(() => rm(directory, { recursive: true }))

const key = { accessKeyId: 'AKIA', secretAccessKey: new Sensitive('canary') }
const refused = { code: 'input-invalid', hint: expect.any(String) }

describe.each<[string, () => SecretVault]>([
  ['a vault in memory', () => memoryVault()],
  ['a vault in a file', () => fileVault(join(directory, `${Math.random()}.json`))],
])('%s', (_, open) => {
  it('keeps its fields, replaces fields of the same name, and removes undefined fields', async () => {
    const vault = open()
    expect(await vault.read()).toEqual({})
    await vault.update({ journal: { begun: ['a'] } })
    await vault.update({ registryStorage: key, storage: key })
    await vault.update({ storage: undefined })
    const held = await vault.read()
    expect(held.registryStorage?.secretAccessKey.reveal()).toBe('canary')
    expect(held.journal).toEqual({ begun: ['a'] })
    expect(held.storage).toBeUndefined()
    expect(`${JSON.stringify(held)}${inspect(held, { depth: 9 })}`).not.toContain('canary')
  })
})

describe('a file of secrets', () => {
  it('takes with it what a killed run left beside it', async () => {
    const path = join(directory, 'killed.json')
    const draft = `${path}.${hostname()}~${2 ** 22 + 1}~1~x.tmp`
    await writeFile(draft, 'canary', { mode: 0o600 })
    await fileVault(path).update({ registryStorage: key })
    await expect(stat(draft)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('can be read by its owner only, with any umask', async () => {
    const path = join(directory, 'mode.json')
    const before = process.umask(0)
    try {
      await fileVault(path).update({ registryStorage: key })
    } finally {
      process.umask(before)
    }
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readFile(path, 'utf8')).toContain('"canary"')
  })

  it('that others can read is refused, with the command that fixes it', async () => {
    const path = join(directory, 'open.json')
    await writeFile(path, '{"kind":"ProvisionedSecrets","version":1}')
    await chmod(path, 0o640)
    await expect(fileVault(path).read()).rejects.toMatchObject({ ...refused, hint: `chmod 600 ${path}` })
    await expect(fileVault(path).update({})).rejects.toMatchObject(refused)
  })

  it('that is a symbolic link is refused, and not followed', async () => {
    const path = join(directory, 'link.json')
    await symlink(join(directory, 'elsewhere.json'), path)
    await expect(fileVault(path).update({ registryStorage: key })).rejects.toMatchObject(refused)
    await expect(stat(join(directory, 'elsewhere.json'))).rejects.toThrow()
  })

  it('with another document is refused, and the error shows nothing of it', async () => {
    const path = join(directory, 'other.json')
    await writeFile(path, '{"kind":"Diary","text":"canary"}', { mode: 0o600 })
    const error = await fileVault(path)
      .update({ registryStorage: key })
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject(refused)
    expect(inspect(error, { depth: 9 })).not.toContain('canary')
    expect(await readFile(path, 'utf8')).toContain('Diary')
  })
})

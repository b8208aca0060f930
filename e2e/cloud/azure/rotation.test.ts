import { inspect } from 'node:util'
import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { type SecretVault } from '@gpreg/core'
import { fileVault, memoryVault } from '@gpreg/core/provider'
import { CLIENT } from '../../support/cloud/azure/entra-server.ts'
import {
  actionsOf,
  loginIn,
  namesOf,
  onlyRegistry,
  permissionOf,
} from '../../support/cloud/azure/expectations.ts'
import { useAzure, type OpenAzure } from '../../support/cloud/azure/provisioning.ts'
import { failureOf } from '../../support/failure-of.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { needs } from '../../support/tools.ts'

describe.skipIf(needs('openssl'))('the admin login of a registry of Azure', () => {
  const openAzure = useAzure()

  it('rotates in such a way that the current password is valid until the next rotation', async () => {
    await using azure = await openAzure()
    const vault = memoryVault()
    await azure.provider({ vault }).apply(azure.context)
    const { passwords } = onlyRegistry(azure.subscription)
    const [first] = [await loginIn(vault)]
    const planned = await azure.provider({ vault, rotate: true }).changes(azure.context)
    expect(planned[1]).toMatchObject({ action: 'update', reason: expect.stringContaining('password2') })
    await azure.provider({ vault, rotate: true }).apply(azure.context)
    const second = await loginIn(vault)
    expect([passwords.get('password'), passwords.get('password2')]).toEqual([first, second])
    await azure.provider({ vault, rotate: true }).apply(azure.context)
    const third = await loginIn(vault)
    expect([passwords.get('password'), passwords.get('password2')]).toEqual([third, second])
    expect(new Set([first, second, third]).size).toBe(3)
    // Somebody regenerates the password in use by other means. The next run reads the new one.
    azure.subscription.regenerate(onlyRegistry(azure.subscription), 'password')
    await azure.provider({ vault }).apply(azure.context)
    expect(await loginIn(vault)).toBe(passwords.get('password'))
  })

  it('loses nothing by a crash during a rotation, and the next run completes it', async () => {
    const calls = ['entra:configuration', 'entra:token', 'list', 'get', 'listCredentials', 'regenerate']
    for (const [crash, name] of calls.entries()) {
      for (const rotate of [true, false]) {
        await using azure = await openAzure()
        const vault = memoryVault()
        await azure.provider({ vault }).apply(azure.context)
        const { passwords } = onlyRegistry(azure.subscription)
        const before = [...passwords.values()]
        azure.log.clear()
        const end = new AbortController()
        azure.log.at(crash, 'cut')
        azure.log.whenDone(index => void (index === crash && end.abort()))
        const dying = azure.contextOf({ signal: end.signal })
        await failureOf(azure.provider({ vault, rotate: true }).apply(dying))
        expect(namesOf(azure.log)).toEqual(calls.slice(0, crash + 1))
        expect(await loginIn(vault), 'what Gitpod has still works').toBe(passwords.get('password'))

        azure.log.clear()
        await azure.provider({ vault, rotate }).apply(azure.context)
        const isRotated = rotate || name === 'regenerate'
        expect(await loginIn(vault)).toBe(passwords.get(isRotated ? 'password2' : 'password'))
        expect(passwords.get('password')).toBe(before[0])
        expect(passwords.get('password2') === before[1]).toBe(!isRotated)
        expect(actionsOf(await azure.provider({ vault }).changes(azure.context))).toEqual(['keep', 'keep'])
      }
    }
  })

  it('names the permission, retries and handles lost answers in a rotation and a removal, too', async () => {
    for (const [name, writes] of [
      ['regenerate', (azure: OpenAzure, vault: SecretVault) => azure.provider({ vault, rotate: true }).apply],
      ['delete', (azure: OpenAzure, vault: SecretVault) => azure.provider({ vault }).destroy],
    ] as const) {
      for (const fault of ['refuse', 'throttle', 'cut'] as const) {
        await using azure = await openAzure()
        const vault = memoryVault()
        await azure.provider({ vault }).apply(azure.context)
        let isOver = false
        azure.log.faults((_, call) => (call.name === name && !isOver && (isOver = true) ? fault : undefined))
        const done = writes(azure, vault)(azure.context)
        if (fault === 'refuse') {
          const error = await failureOf(done)
          expect(error).toMatchObject({ code: 'forbidden', subject: { permission: permissionOf(name) } })
          continue
        }
        await done
        expect(azure.retries()).toHaveLength(1)
        if (name === 'delete') expect(azure.subscription.registries.size).toBe(0)
        else expect(await loginIn(vault)).toBe(onlyRegistry(azure.subscription).passwords.get('password2'))
      }
    }
  })

  it('writes its secrets to the vault and to no other place, whatever happens', async () => {
    const [seen, secrets]: [unknown[], string[]] = [[], [CLIENT.secret]]
    for (const fault of [undefined, 'refuse', 'throttle', 'cut'] as const) {
      await using azure = await openAzure()
      await using directory = await temporaryDirectory()
      const vault = fileVault(directory.join('secrets.json'))
      await azure.provider({ vault }).apply(azure.context)
      azure.log.faults(index => (index % 3 === 0 ? fault : undefined))
      for (const rotate of [false, true]) {
        const provider = azure.provider({ vault, rotate })
        const told = [provider.changes, provider.apply, provider.describe, provider.check, provider.notes]
        for (const tell of told) seen.push(await tell(azure.context).catch((error: unknown) => error))
      }
      seen.push(azure.events, await vault.read())
      expect(await readFile(directory.join('secrets.json'), 'utf8')).toContain(await loginIn(vault))
      secrets.push(...azure.subscription.shownPasswords, ...azure.tokens.all)
    }
    const shown = `${inspect(seen, { depth: Infinity, showHidden: true })}\n${JSON.stringify(seen)}`
    expect(shown).toContain('forbidden')
    expect(secrets.length).toBeGreaterThan(12)
    for (const secret of [...secrets, 'Bearer ']) expect(shown).not.toContain(secret)
  })
})

import { describe, expect, it } from 'vitest'
import { memoryVault } from '@gpreg/core/provider'
import type { AzureProviderOptions } from '@gpreg/provider-azure'
import { actionsOf, loginIn, onlyRegistry } from '../../support/cloud/azure/expectations.ts'
import { useAzure } from '../../support/cloud/azure/provisioning.ts'
import { GROUP, SUBSCRIPTION } from '../../support/cloud/azure/subscription.ts'
import { failureOf } from '../../support/failure-of.ts'
import { needs } from '../../support/tools.ts'

describe.skipIf(needs('openssl'))('a registry of Azure that is there, or in the way', () => {
  const openAzure = useAzure()

  it('adopts a registry, changes only its admin user, and does not delete it', async () => {
    await using azure = await openAzure()
    const theirs = { location: 'northeurope', sku: { name: 'Basic' }, tags: { team: 'images' } }
    azure.subscription.polls = 0
    const registry = azure.subscription.put(GROUP, 'companyimages', theirs)
    const vault = memoryVault()
    const adopt = (more = {}) => azure.provider({ name: 'companyimages', vault, ...more })
    expect(await adopt().changes(azure.context)).toEqual([
      expect.objectContaining({
        action: 'update',
        reason: 'turns its admin user on, and changes nothing else',
      }),
      expect.objectContaining({ action: 'create' }),
    ])
    await adopt().apply(azure.context)
    expect(azure.log.writes).toEqual(['update'])
    const { location, sku, tags, adminUserEnabled } = registry
    expect([location, sku, tags, adminUserEnabled]).toEqual([
      'northeurope',
      'Basic',
      { team: 'images' },
      true,
    ])
    expect(await loginIn(vault)).toBe(registry.passwords.get('password'))
    expect(await adopt().describe(azure.context)).toMatchObject({ region: 'northeurope' })
    expect(actionsOf(await adopt().apply(azure.context))).toEqual(['keep', 'keep'])

    expect(await adopt().destroy(azure.context)).toEqual([
      expect.objectContaining({ action: 'keep', reason: 'gpreg did not make it' }),
      expect.objectContaining({ action: 'keep', reason: 'the registry stays' }),
    ])
    expect(azure.subscription.registries.get('companyimages')).toBe(registry)
    expect(await loginIn(vault)).toBeDefined()
  })

  it('does not touch the registry of another installation', async () => {
    await using azure = await openAzure()
    await azure.provider().apply(azure.context)
    const { name } = onlyRegistry(azure.subscription)
    const other = { installation: 'other', name }
    const error = await failureOf(azure.provider(other).apply(azure.context))
    expect(error).toMatchObject({ code: 'name-taken', hint: expect.stringContaining('--installation prod') })
    await failureOf(azure.provider(other).destroy(azure.context))
    await azure.provider({ installation: 'other' }).destroy(azure.context)
    onlyRegistry(azure.subscription)
  })

  it('deletes the registry that it created, and removes its login from the vault', async () => {
    await using azure = await openAzure()
    const vault = memoryVault()
    await azure.provider({ vault }).apply(azure.context)
    const planned = await azure.provider({ vault }).changes(azure.context, 'absent')
    expect(actionsOf(planned)).toEqual(['delete', 'delete'])
    onlyRegistry(azure.subscription)
    expect(await azure.provider({ vault }).destroy(azure.context)).toEqual(planned)
    expect(azure.subscription.registries.size).toBe(0)
    expect(await vault.read()).toEqual({})
    expect(actionsOf(await azure.provider({ vault }).destroy(azure.context))).toEqual(['keep', 'keep'])
    azure.subscription.groups.clear()
    expect(actionsOf(await azure.provider({ vault }).destroy(azure.context))).toEqual(['keep', 'keep'])
  })

  it('names the obstacle: no group, no provider, a policy', async () => {
    await using azure = await openAzure()
    azure.subscription.groups.clear()
    const group = await failureOf(azure.provider().apply(azure.context))
    expect(group).toMatchObject({
      code: 'not-found',
      hint: `az group create --name ${GROUP} --location westeurope --subscription ${SUBSCRIPTION}`,
    })
    azure.subscription.groups.add(GROUP)
    azure.subscription.isRegistered = false
    const provider = await failureOf(azure.provider().apply(azure.context))
    expect(provider.code).toBe('forbidden')
    expect(provider.subject).not.toHaveProperty('permission')
    expect(provider.hint).toContain('az provider register --namespace Microsoft.ContainerRegistry')
    azure.subscription.isRegistered = true
    const words = `Resource 'x' was disallowed by policy. Policy identifiers: '[{"policyAssignment":{"name":"${'a'.repeat(900)}"}}]'.`
    azure.subscription.policy = words
    const policy = await failureOf(azure.provider().apply(azure.context))
    expect(policy).toMatchObject({ code: 'forbidden', message: expect.stringContaining(words) })
    expect(policy.subject).not.toHaveProperty('permission')
  })

  it('tests the registry with the admin login, and retries for a while if the registry is new', async () => {
    await using azure = await openAzure()
    const [vault, tried] = [memoryVault(), [] as string[]]
    const probe: AzureProviderOptions['probe'] = async ({ username, password }, address) => {
      tried.push(`${username} ${password.reveal()} ${address}`)
      return [{ name: 'push', status: tried.length % 3 === 0 ? 'ok' : 'failed' }]
    }
    const provider = azure.provider({ vault, probe })
    expect(await provider.check(azure.context)).toMatchObject([{ status: 'skipped' }])
    await provider.apply(azure.context)
    expect(await provider.check(azure.context)).toMatchObject([{ status: 'ok' }])
    const { name, passwords } = onlyRegistry(azure.subscription)
    expect(tried).toEqual(Array(3).fill(`${name} ${passwords.get('password')} ${name}.azurecr.io`))
    const later = azure.provider({ vault, probe })
    expect(await later.check(azure.context)).toMatchObject([{ status: 'failed' }])
    expect(await azure.provider({ vault }).check(azure.context)).toMatchObject([{ status: 'skipped' }])
  })

  it('prints the steps that a person has to take', async () => {
    await using azure = await openAzure()
    await azure.provider().apply(azure.context)
    const notes = (await azure.provider().notes(azure.context)).join('\n')
    for (const word of ['--rotate', 'retention', '*.blob.core.windows.net']) expect(notes).toContain(word)
  })
})

import { describe, expect, it, vi } from 'vitest'
import { memoryVault } from '@gpreg/core/provider'
import { createAzureProvider, type AzureProviderOptions } from '@gpreg/provider-azure'
import { actionsOf, onlyRegistry } from '../../support/cloud/azure/expectations.ts'
import { useAzure, WHERE } from '../../support/cloud/azure/provisioning.ts'
import { GROUP } from '../../support/cloud/azure/subscription.ts'
import { failureOf } from '../../support/failure-of.ts'
import { needs } from '../../support/tools.ts'

describe.skipIf(needs('openssl'))('the name of a registry of Azure', () => {
  const openAzure = useAzure()

  it('takes the next name if one is taken, both in the plan and during creation, and finds its registry again', async () => {
    await using azure = await openAzure()
    const nameOf = async () => {
      const [registry] = await azure.provider().changes(azure.context)
      return registry!.resource.replace('acr:registry/', '')
    }
    const first = await nameOf()
    azure.subscription.taken.add(first)
    const second = await nameOf()
    expect(second).not.toBe(first)
    // Somebody else takes the second name before gpreg creates the registry.
    azure.log.faults((_, { name }) => {
      if (name === 'create') azure.subscription.taken.add(second)
      return undefined
    })
    const vault = memoryVault()
    await azure.provider({ vault }).apply(azure.context)
    const { name } = onlyRegistry(azure.subscription)
    expect([first, second]).not.toContain(name)
    azure.subscription.taken.clear()
    azure.log.clear()
    expect(actionsOf(await azure.provider({ vault }).apply(azure.context))).toEqual(['keep', 'keep'])
    expect(onlyRegistry(azure.subscription).name).toBe(name)
  })

  it('creates no second registry if the first is not listed yet', async () => {
    await using azure = await openAzure()
    azure.subscription.isSlowToList = true
    const vault = memoryVault()
    await azure.provider({ vault }).apply(azure.context)
    azure.log.clear()
    expect(actionsOf(await azure.provider({ vault }).apply(azure.context))).toEqual(['keep', 'keep'])
    onlyRegistry(azure.subscription)
  })

  it('derives different names for different places, and ignores case', async () => {
    await using azure = await openAzure()
    azure.subscription.groups.add('other').add(GROUP.toUpperCase())
    const nameOf = async (more: Partial<AzureProviderOptions>) =>
      (await azure.provider(more).changes(azure.context))[0]!.resource
    const own = await nameOf({})
    expect(await nameOf({ resourceGroup: GROUP.toUpperCase() })).toBe(own)
    expect(
      new Set([own, await nameOf({ installation: 'x' }), await nameOf({ resourceGroup: 'other' })]).size,
    ).toBe(3)
  })

  it('gives up if every name is taken, and names them', async () => {
    await using azure = await openAzure()
    vi.spyOn(azure.subscription, 'isTaken').mockReturnValue(true)
    const error = await failureOf(azure.provider().changes(azure.context))
    expect(error).toMatchObject({ code: 'name-taken', hint: expect.stringContaining('--name') })
    const named = await failureOf(azure.provider({ name: 'elsewhere' }).changes(azure.context))
    expect(named.code).toBe('name-taken')
    expect(named.message).toContain('elsewhere is taken')
  })

  it('creates a registry with the given name, and no second one beside it', async () => {
    await using azure = await openAzure()
    await azure.provider({ name: 'gitpodimages' }).apply(azure.context)
    expect(onlyRegistry(azure.subscription).name).toBe('gitpodimages')
    const error = await failureOf(azure.provider({ name: 'another1' }).apply(azure.context))
    expect(error).toMatchObject({ code: 'usage', hint: expect.stringContaining('leave out --name') })
    expect(() => createAzureProvider({ ...WHERE, name: 'Git-Pod' })).toThrow('cannot be the name')
    onlyRegistry(azure.subscription)
  })

  it('uses the login server that Azure returns, in every cloud', async () => {
    for (const suffix of ['azurecr.us', 'azurecr.cn', 'hash1234.azurecr.io']) {
      await using azure = await openAzure()
      azure.subscription.suffix = suffix
      await azure.provider().apply(azure.context)
      const { name } = onlyRegistry(azure.subscription)
      expect(await azure.provider().describe(azure.context)).toMatchObject({ registry: `${name}.${suffix}` })
    }
  })
})

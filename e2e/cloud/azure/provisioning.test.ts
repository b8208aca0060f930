import { describe, expect, it } from 'vitest'
import { memoryVault } from '@gpreg/core/provider'
import {
  actionsOf,
  loginIn,
  namesOf,
  onlyRegistry,
  permissionOf,
} from '../../support/cloud/azure/expectations.ts'
import { useAzure } from '../../support/cloud/azure/provisioning.ts'
import { GROUP, SUBSCRIPTION } from '../../support/cloud/azure/subscription.ts'
import { failureOf } from '../../support/failure-of.ts'
import { needs } from '../../support/tools.ts'

/** The calls of a first run. Each operation is asked for its status three times. */
const FIRST_RUN = [
  ...['entra:configuration', 'entra:token'],
  ...['list', 'check', 'create', 'operation', 'operation', 'operation', 'get'],
  ...['get', 'listCredentials'],
]

/** True for the last call of an operation, with which the SDK reads the result. */
const isPartOfOperation = (index: number) => FIRST_RUN[index - 1] === 'operation'

const isEntra = (name: string) => name.startsWith('entra:')

describe.skipIf(needs('openssl'))('provisioning in Azure', () => {
  const openAzure = useAzure()

  it('changes nothing if it only shows the changes', async () => {
    await using azure = await openAzure()
    const changes = await azure.provider().changes(azure.context)
    expect(actionsOf(changes)).toEqual(['create', 'create'])
    expect(changes.map(({ resource }) => resource)).toEqual([
      expect.stringMatching(/^acr:registry\/gitpod[0-9a-f]{8}$/),
      expect.stringMatching(/^acr:admin-login\/gitpod[0-9a-f]{8}$/),
    ])
    expect(azure.log.writes).toEqual([])
    expect(azure.subscription.registries.size).toBe(0)
  })

  it('creates each resource once in several runs, and reports that it waits', async () => {
    await using azure = await openAzure()
    const vault = memoryVault()
    const [planned] = await azure.provider({ vault }).changes(azure.context)
    azure.log.clear()
    await azure.provider({ vault }).apply(azure.context)
    expect(namesOf(azure.log)).toEqual(FIRST_RUN)
    const registry = onlyRegistry(azure.subscription)
    expect(planned?.resource).toBe(`acr:registry/${registry.name}`)
    expect(azure.events.filter(({ type }) => type === 'change.waiting')).toHaveLength(2)

    const made = await vault.read()
    expect(made.registry?.username).toBe(registry.name)
    expect(await loginIn(vault)).toBe(registry.passwords.get('password'))
    const described = await azure.provider({ vault }).describe(azure.context)
    expect(described).toEqual({
      kind: 'azure',
      registry: `${registry.name}.azurecr.io`,
      region: 'westeurope',
    })

    azure.log.clear()
    expect(actionsOf(await azure.provider({ vault }).apply(azure.context))).toEqual(['keep', 'keep'])
    expect(azure.log.writes).toEqual([])
    expect(await vault.read()).toEqual(made)
    expect(await azure.provider({ vault }).describe(azure.context)).toEqual(described)
    onlyRegistry(azure.subscription)
  })

  it('continues after a crash at any call, with one registry', async () => {
    for (const crash of FIRST_RUN.keys()) {
      await using azure = await openAzure()
      const vault = memoryVault()
      const end = new AbortController()
      // The call takes effect, but the process dies before the answer.
      azure.log.at(crash, 'cut')
      azure.log.whenDone(index => void (index === crash && end.abort()))
      const dying = azure.contextOf({ signal: end.signal })
      expect((await failureOf(azure.provider({ vault }).apply(dying))).code).toBe('aborted')
      expect(azure.log.calls.length, 'nothing is begun after the end').toBe(crash + 1)
      azure.log.clear()
      await azure.provider({ vault }).apply(azure.context)
      const { passwords } = onlyRegistry(azure.subscription)
      expect(await loginIn(vault)).toBe(passwords.get('password'))
      expect(azure.log.writes.filter(name => name === 'create').length, 'is not written over').toBe(
        crash < FIRST_RUN.indexOf('create') ? 1 : 0,
      )
      expect(actionsOf(await azure.provider({ vault }).changes(azure.context))).toEqual(['keep', 'keep'])
    }
  })

  it('handles the loss of any answer, and overwrites nothing', async () => {
    for (const index of FIRST_RUN.keys()) {
      await using azure = await openAzure()
      const vault = memoryVault()
      azure.log.at(index, 'cut')
      await azure.provider({ vault }).apply(azure.context)
      onlyRegistry(azure.subscription)
      expect(azure.log.writes).toEqual(['create'])
      expect(azure.retries()).toHaveLength(1)
    }
  })

  it('names the missing permission, whichever call is refused', async () => {
    for (const [index, name] of FIRST_RUN.entries()) {
      await using azure = await openAzure()
      azure.log.at(index, 'refuse')
      const applied = azure.provider().apply(azure.context)
      if (name === 'check') {
        await applied
        onlyRegistry(azure.subscription)
        const subject = expect.objectContaining({ permission: permissionOf(name) })
        expect(azure.warnings()).toEqual([expect.objectContaining({ code: 'cloud', subject })])
        continue
      }
      const error = await failureOf(applied)
      if (isEntra(name)) {
        expect(error).toMatchObject({ code: 'unauthorized', hint: expect.stringContaining('az login') })
      } else {
        const permission = permissionOf(isPartOfOperation(index) ? 'operation' : name)
        expect(error).toMatchObject({ code: 'forbidden', subject: { permission } })
        expect(error.hint).toContain(
          `az role assignment create --assignee YOU --role Contributor --scope /subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}`,
        )
      }
      expect(azure.retries()).toEqual([])
    }
  })

  it('retries after throttling of any call, and waits as long as Azure says', async () => {
    for (const index of FIRST_RUN.keys()) {
      await using azure = await openAzure()
      azure.log.at(index, 'throttle')
      await azure.provider().apply(azure.context)
      onlyRegistry(azure.subscription)
      const error = expect.objectContaining({ code: 'rate-limited' })
      expect(azure.retries()).toEqual([expect.objectContaining({ delay: 7_000, error })])
    }
  })

  it('gives up if throttling does not end', async () => {
    await using azure = await openAzure()
    azure.log.faults((_, { name }) => (isEntra(name) ? undefined : 'throttle'))
    const error = await failureOf(azure.provider().changes(azure.context))
    expect(error).toMatchObject({ code: 'rate-limited', retryable: false })
    expect(azure.log.calls).toHaveLength(2 + 7)
  })

  it('stops during an operation if it is aborted', async () => {
    await using azure = await openAzure()
    azure.subscription.polls = Infinity
    const end = new AbortController()
    const context = azure.contextOf({ signal: end.signal, sleep: async () => end.abort() })
    expect((await failureOf(azure.provider().apply(context))).code).toBe('aborted')
    azure.log.clear()
    expect(await failureOf(azure.provider().apply(azure.context))).toMatchObject({ code: 'stalled' })
    expect(azure.log.writes).toEqual([])
  })

  it('reports why a registry could not be created, and does not create it again over the failed one', async () => {
    await using azure = await openAzure()
    azure.subscription.outcome = 'Failed'
    const error = await failureOf(azure.provider().apply(azure.context))
    expect(error).toMatchObject({ code: 'server-error', retryable: false })
    expect(error.message).toContain('The storage of the registry could not be made')
    azure.log.clear()
    const again = await failureOf(azure.provider().apply(azure.context))
    expect(again.hint).toContain('az acr delete --name gitpod')
    expect(azure.log.writes).toEqual([])
  })
})

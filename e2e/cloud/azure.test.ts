import { inspect } from 'node:util'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  fileVault,
  memoryVault,
  type SecretVault,
  createContext,
  type Context,
  type GpregEvent,
} from '@gpreg/core'
import { lazyProvider } from '@gpreg/core/provider'
import { createAzureClients, createAzureProvider, type AzureProviderOptions } from '@gpreg/provider-azure'
import { azureCertificates, startAzureCloud } from '../support/cloud/azure/azure-cloud.ts'
import { CLIENT } from '../support/cloud/azure/entra-server.ts'
import { GROUP, SUBSCRIPTION, type AzureSubscription } from '../support/cloud/azure/subscription.ts'
import { failureOf } from '../support/failure-of.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'

/** The calls of a first run. Each operation is asked for its status three times. */
const FIRST_RUN = [
  ...['entra:configuration', 'entra:token'],
  ...['list', 'check', 'create', 'operation', 'operation', 'operation', 'get'],
  ...['get', 'listCredentials'],
]

/** The permission that each call needs. */
const PERMISSIONS: Readonly<Record<string, string>> = {
  list: 'registries/read',
  check: 'checkNameAvailability/read',
  get: 'registries/read',
  create: 'registries/write',
  update: 'registries/write',
  delete: 'registries/delete',
  operation: 'registries/operationStatuses/read',
  listCredentials: 'registries/listCredentials/action',
  regenerate: 'registries/regenerateCredential/action',
}
const permissionOf = (name: string) => `Microsoft.ContainerRegistry/${PERMISSIONS[name]}`
/** True for the last call of an operation, with which the SDK reads the result. */
const isPartOfOperation = (index: number) => FIRST_RUN[index - 1] === 'operation'
const WHERE = {
  subscriptionId: SUBSCRIPTION,
  resourceGroup: GROUP,
  installation: 'prod',
  location: 'westeurope',
}

const isEntra = (name: string) => name.startsWith('entra:')

let certificates: Awaited<ReturnType<typeof azureCertificates>>
beforeAll(async () => {
  certificates = await azureCertificates()
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await certificates?.[Symbol.asyncDispose]()
})

/** Opens an Azure for one test, with providers whose clients have no token yet. Waits take no real time. */
async function open() {
  const cloud = await startAzureCloud(certificates)
  for (const [name, value] of Object.entries(cloud.env)) vi.stubEnv(name, value)
  const events: GpregEvent[] = []
  let now = Date.now()
  const sleep = async (milliseconds: number) => void (now += milliseconds)
  const contextOf = (overrides: Partial<Context> = {}) =>
    createContext({ now: () => now, sleep, emit: event => events.push(event), ...overrides })
  const provider = (more: Partial<AzureProviderOptions> = {}) =>
    // Each provider signs in for itself, as each run of the command does.
    lazyProvider('azure', async () =>
      createAzureProvider({
        ...WHERE,
        clients: await createAzureClients({
          subscriptionId: SUBSCRIPTION,
          resourceManager: cloud.resourceManager,
          ca: [certificates.ca],
        }),
        ...more,
      }),
    )
  return {
    ...cloud,
    events,
    context: contextOf(),
    contextOf,
    provider,
    retries: () => events.filter(event => event.type === 'retry'),
    warnings: () => events.filter(event => event.type === 'warning'),
  }
}

const namesOf = ({ calls }: { readonly calls: readonly { readonly name: string }[] }) =>
  calls.map(({ name }) => name)
const actionsOf = (changes: readonly { readonly action: string }[]) => changes.map(({ action }) => action)
const loginIn = async (vault: SecretVault) => (await vault.read()).registry?.password.reveal()

/** Checks that there is exactly one registry, with the expected settings. */
function onlyRegistry({ registries }: AzureSubscription) {
  expect(registries.size).toBe(1)
  const [registry] = registries.values()
  expect(registry).toMatchObject({
    group: GROUP,
    location: 'westeurope',
    sku: 'Premium',
    state: 'Succeeded',
    adminUserEnabled: true,
    tags: { 'gpreg-managed': 'true', 'gpreg-installation': 'prod' },
  })
  return registry!
}

describe.skipIf(needs('openssl'))('provisioning in Azure', () => {
  it('changes nothing if it only shows the changes', async () => {
    await using azure = await open()
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
    await using azure = await open()
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
      await using azure = await open()
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
      await using azure = await open()
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
      await using azure = await open()
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
      await using azure = await open()
      azure.log.at(index, 'throttle')
      await azure.provider().apply(azure.context)
      onlyRegistry(azure.subscription)
      const error = expect.objectContaining({ code: 'rate-limited' })
      expect(azure.retries()).toEqual([expect.objectContaining({ delay: 7_000, error })])
    }
  })

  it('gives up if throttling does not end', async () => {
    await using azure = await open()
    azure.log.faults((_, { name }) => (isEntra(name) ? undefined : 'throttle'))
    const error = await failureOf(azure.provider().changes(azure.context))
    expect(error).toMatchObject({ code: 'rate-limited', retryable: false })
    expect(azure.log.calls).toHaveLength(2 + 7)
  })

  it('stops during an operation if it is aborted', async () => {
    await using azure = await open()
    azure.subscription.polls = Infinity
    const end = new AbortController()
    const context = azure.contextOf({ signal: end.signal, sleep: async () => end.abort() })
    expect((await failureOf(azure.provider().apply(context))).code).toBe('aborted')
    azure.log.clear()
    expect(await failureOf(azure.provider().apply(azure.context))).toMatchObject({ code: 'stalled' })
    expect(azure.log.writes).toEqual([])
  })

  it('reports why a registry could not be created, and does not create it again over the failed one', async () => {
    await using azure = await open()
    azure.subscription.outcome = 'Failed'
    const error = await failureOf(azure.provider().apply(azure.context))
    expect(error).toMatchObject({ code: 'server-error', retryable: false })
    expect(error.message).toContain('The storage of the registry could not be made')
    azure.log.clear()
    const again = await failureOf(azure.provider().apply(azure.context))
    expect(again.hint).toContain('az acr delete --name gitpod')
    expect(azure.log.writes).toEqual([])
  })

  it('takes the next name if one is taken, both in the plan and during creation, and finds its registry again', async () => {
    await using azure = await open()
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
    await using azure = await open()
    azure.subscription.isSlowToList = true
    const vault = memoryVault()
    await azure.provider({ vault }).apply(azure.context)
    azure.log.clear()
    expect(actionsOf(await azure.provider({ vault }).apply(azure.context))).toEqual(['keep', 'keep'])
    onlyRegistry(azure.subscription)
  })

  it('derives different names for different places, and ignores case', async () => {
    await using azure = await open()
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
    await using azure = await open()
    vi.spyOn(azure.subscription, 'isTaken').mockReturnValue(true)
    const error = await failureOf(azure.provider().changes(azure.context))
    expect(error).toMatchObject({ code: 'name-taken', hint: expect.stringContaining('--name') })
    const named = await failureOf(azure.provider({ name: 'elsewhere' }).changes(azure.context))
    expect(named.code).toBe('name-taken')
    expect(named.message).toContain('elsewhere is taken')
  })

  it('adopts a registry, changes only its admin user, and does not delete it', async () => {
    await using azure = await open()
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
    await using azure = await open()
    await azure.provider().apply(azure.context)
    const { name } = onlyRegistry(azure.subscription)
    const other = { installation: 'other', name }
    const error = await failureOf(azure.provider(other).apply(azure.context))
    expect(error).toMatchObject({ code: 'name-taken', hint: expect.stringContaining('--installation prod') })
    await failureOf(azure.provider(other).destroy(azure.context))
    await azure.provider({ installation: 'other' }).destroy(azure.context)
    onlyRegistry(azure.subscription)
  })

  it('creates a registry with the given name, and no second one beside it', async () => {
    await using azure = await open()
    await azure.provider({ name: 'gitpodimages' }).apply(azure.context)
    expect(onlyRegistry(azure.subscription).name).toBe('gitpodimages')
    const error = await failureOf(azure.provider({ name: 'another1' }).apply(azure.context))
    expect(error).toMatchObject({ code: 'usage', hint: expect.stringContaining('leave out --name') })
    expect(() => createAzureProvider({ ...WHERE, name: 'Git-Pod' })).toThrow('cannot be the name')
    onlyRegistry(azure.subscription)
  })

  it('rotates in such a way that the current password is valid until the next rotation', async () => {
    await using azure = await open()
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
        await using azure = await open()
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
      ['regenerate', (azure: Azure, vault: SecretVault) => azure.provider({ vault, rotate: true }).apply],
      ['delete', (azure: Azure, vault: SecretVault) => azure.provider({ vault }).destroy],
    ] as const) {
      for (const fault of ['refuse', 'throttle', 'cut'] as const) {
        await using azure = await open()
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

  it('deletes the registry that it created, and removes its login from the vault', async () => {
    await using azure = await open()
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
    await using azure = await open()
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
    await using azure = await open()
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
    await using azure = await open()
    await azure.provider().apply(azure.context)
    const notes = (await azure.provider().notes(azure.context)).join('\n')
    for (const word of ['--rotate', 'retention', '*.blob.core.windows.net']) expect(notes).toContain(word)
  })

  it('uses the login server that Azure returns, in every cloud', async () => {
    for (const suffix of ['azurecr.us', 'azurecr.cn', 'hash1234.azurecr.io']) {
      await using azure = await open()
      azure.subscription.suffix = suffix
      await azure.provider().apply(azure.context)
      const { name } = onlyRegistry(azure.subscription)
      expect(await azure.provider().describe(azure.context)).toMatchObject({ registry: `${name}.${suffix}` })
    }
  })

  it('writes its secrets to the vault and to no other place, whatever happens', async () => {
    const [seen, secrets]: [unknown[], string[]] = [[], [CLIENT.secret]]
    for (const fault of [undefined, 'refuse', 'throttle', 'cut'] as const) {
      await using azure = await open()
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

type Azure = Awaited<ReturnType<typeof open>>

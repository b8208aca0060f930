import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { memoryVault, createContext, type Context, type GpregEvent } from '@gpreg/core'
import { createGcpProvider, type GcpProviderOptions } from '@gpreg/provider-gcp'
import { Cloud } from '../support/cloud/gcp/cloud.ts'
import { serveCloud, type Form } from '../support/cloud/gcp/forms.ts'
import { startRestServer } from '../support/cloud/gcp/rest-server.ts'
import { serviceAccountKey } from '../support/cloud/gcp/service-account.ts'
import { mustRun } from '../support/process.ts'
import { failureOf } from '../support/failure-of.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { onPath } from '../support/tools.ts'

const EU = 'projects/p1/locations/europe/repositories/eu.gcr.io'
const EMAIL = 'gitpod@p1.iam.gserviceaccount.com'
const CONTAINER_REGISTRY = 'containerregistry.googleapis.com'
const ARTIFACT_REGISTRY = 'artifactregistry.googleapis.com'
const key = serviceAccountKey(EMAIL)

/** The calls of a first run. Each operation is asked for its status three times. */
const FIRST_RUN = [
  `GetService ${CONTAINER_REGISTRY}`,
  `EnableService ${CONTAINER_REGISTRY}`,
  ...['GetOperation', 'GetOperation'],
  `GetService ${ARTIFACT_REGISTRY}`,
  `EnableService ${ARTIFACT_REGISTRY}`,
  ...['GetOperation', 'GetOperation'],
  'GetRepository eu.gcr.io',
  'CreateRepository eu.gcr.io',
  ...['GetOperation', 'GetOperation'],
]

/** The permission that each call of a first run needs, by position. */
const PERMISSIONS = [
  ...['serviceusage.services.get', 'serviceusage.services.enable'],
  ...['serviceusage.operations.get', 'serviceusage.operations.get'],
  ...['serviceusage.services.get', 'serviceusage.services.enable'],
  ...['serviceusage.operations.get', 'serviceusage.operations.get'],
  ...['artifactregistry.repositories.get', 'artifactregistry.repositories.create'],
  ...['artifactregistry.repositories.create', 'artifactregistry.repositories.create'],
]
/** Position of the calls of Container Registry, which may be refused. */
const OPTIONAL = 4

/** Opens a fake cloud behind a server, with providers for it. Waits take no real time. */
async function open(form: Form) {
  const cloud = new Cloud()
  const served = await serveCloud(cloud, form)
  const events: GpregEvent[] = []
  const contextOf = (overrides: Partial<Context> = {}) =>
    createContext({ sleep: async () => {}, emit: event => events.push(event), ...overrides })
  const provider = (more: Partial<GcpProviderOptions> = {}) =>
    createGcpProvider({
      project: 'p1',
      installation: 'Prod',
      location: 'europe-west1',
      registry: 'gcr',
      serviceAccountKey: key,
      clients: served.clients,
      ...more,
    })
  return {
    cloud,
    clients: served.clients,
    events,
    contextOf,
    context: contextOf(),
    provider,
    warnings: () => events.filter(({ type }) => type === 'warning'),
    retries: () => events.filter(({ type }) => type === 'retry'),
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  }
}

const actionsOf = (changes: readonly { readonly action: string }[]) => changes.map(({ action }) => action)
const namesOf = (cloud: Cloud) => cloud.log.calls.map(({ name }) => name.replace(/^(GetOperation) .*/, '$1'))

/** Checks that each resource exists exactly once. */
function expectWhole(cloud: Cloud): void {
  expect([...cloud.enabled].sort()).toEqual([ARTIFACT_REGISTRY, CONTAINER_REGISTRY])
  expect([...cloud.repositories.keys()]).toEqual([EU])
}

describe.each(['gRPC', 'REST'] as const)('provisioning in Google Cloud over %s', form => {
  it('changes nothing if it only shows the changes, even with the APIs off', async () => {
    await using gcp = await open(form)
    expect(await gcp.provider().changes(gcp.context)).toEqual([
      expect.objectContaining({ resource: `serviceusage:service/${CONTAINER_REGISTRY}`, action: 'update' }),
      expect.objectContaining({ resource: `serviceusage:service/${ARTIFACT_REGISTRY}`, action: 'update' }),
      expect.objectContaining({ resource: 'artifactregistry:repository/europe/eu.gcr.io', action: 'create' }),
    ])
    expect(gcp.cloud.log.writes).toEqual([])
    expect(gcp.cloud.enabled.size + gcp.cloud.repositories.size).toBe(0)
  })

  it('creates each resource once in several runs, and reports that it waits', async () => {
    await using gcp = await open(form)
    const vault = memoryVault()
    await gcp.provider({ vault }).apply(gcp.context)
    expect(namesOf(gcp.cloud)).toEqual(FIRST_RUN)
    expectWhole(gcp.cloud)
    expect(gcp.cloud.repositories.get(EU)).toMatchObject({
      labels: { 'gpreg-managed': 'true', 'gpreg-installation': 'prod' },
    })
    expect(gcp.events.filter(({ type }) => type === 'change.waiting')).toHaveLength(6)

    const made = await vault.read()
    expect(made.registry?.username).toBe('_json_key')
    expect(JSON.parse(made.registry!.password.reveal())).toEqual(JSON.parse(key.json.reveal()))
    expect(made.storage).toBe(key)

    gcp.cloud.log.clear()
    expect(actionsOf(await gcp.provider({ vault }).apply(gcp.context))).toEqual(['keep', 'keep', 'keep'])
    expect(gcp.cloud.log.writes).toEqual([])
    expect(await vault.read()).toEqual(made)
    expectWhole(gcp.cloud)
  })

  it('continues after a crash at any call', async () => {
    for (const crash of FIRST_RUN.keys()) {
      await using gcp = await open(form)
      const end = new AbortController()
      gcp.cloud.log.whenDone(index => index === crash && end.abort())
      const error = await failureOf(gcp.provider().apply(gcp.contextOf({ signal: end.signal })))
      expect(error.code).toBe('aborted')
      const calls = gcp.cloud.log.calls.length
      expect(calls, 'nothing is begun after the end').toBe(crash + 1)
      gcp.cloud.log.clear()
      await gcp.provider().apply(gcp.context)
      expectWhole(gcp.cloud)
    }
  })

  it('handles the loss of any answer', async () => {
    for (const index of FIRST_RUN.keys()) {
      await using gcp = await open(form)
      gcp.cloud.log.at(index, 'cut')
      await gcp.provider().apply(gcp.context)
      expectWhole(gcp.cloud)
    }
  })

  it('names the missing permission, whichever call is refused', async () => {
    for (const [index, permission] of PERMISSIONS.entries()) {
      await using gcp = await open(form)
      gcp.cloud.log.at(index, 'refuse')
      if (index < OPTIONAL) {
        await gcp.provider().apply(gcp.context)
        expect([...gcp.cloud.repositories.keys()]).toEqual([EU])
        expect(gcp.warnings()).toEqual([
          expect.objectContaining({ code: 'cloud', subject: expect.objectContaining({ permission }) }),
        ])
        continue
      }
      const error = await failureOf(gcp.provider().apply(gcp.context))
      expect(error).toMatchObject({ code: 'forbidden', subject: { permission } })
      const role = permission.startsWith('serviceusage')
        ? 'roles/serviceusage.serviceUsageAdmin'
        : 'roles/artifactregistry.admin'
      expect(error.hint).toContain(
        `gcloud projects add-iam-policy-binding p1 --member=user:YOU --role=${role} `,
      )
      expect(gcp.retries()).toEqual([])
    }
  })

  it('retries after throttling of any call', async () => {
    for (const index of FIRST_RUN.keys()) {
      await using gcp = await open(form)
      gcp.cloud.log.at(index, 'throttle')
      await gcp.provider().apply(gcp.context)
      expectWhole(gcp.cloud)
      expect(gcp.retries()).toEqual([
        expect.objectContaining({ error: expect.objectContaining({ code: 'rate-limited' }) }),
      ])
    }
  })

  it('gives up if throttling does not end', async () => {
    await using gcp = await open(form)
    gcp.cloud.log.faults(() => 'throttle')
    const error = await failureOf(gcp.provider().changes(gcp.context))
    expect(error).toMatchObject({ code: 'rate-limited', retryable: false })
    expect(gcp.cloud.log.calls).toHaveLength(7)
  })

  it('says what to do about a project without billing', async () => {
    await using gcp = await open(form)
    gcp.cloud.hasBilling = false
    const error = await failureOf(gcp.provider().apply(gcp.context))
    expect(error.code).toBe('forbidden')
    expect(error.message).toContain(': Billing must be enabled for activation')
    expect(error.subject).not.toHaveProperty('permission')
    expect(error.hint).toContain('gcloud billing projects link p1 --billing-account=ACCOUNT')
    expect(gcp.warnings()).toHaveLength(1)
  })

  it('waits for an API that was enabled a moment ago', async () => {
    await using gcp = await open(form)
    gcp.cloud.slowness = 10
    await gcp.provider().apply(gcp.context)
    expectWhole(gcp.cloud)
    expect(gcp.retries()).toHaveLength(9)
  })

  it('does not wait for ever for an API or an operation', async () => {
    await using gcp = await open(form)
    gcp.cloud.slowness = Infinity
    const slow = await failureOf(gcp.provider().apply(gcp.context))
    expect(slow.code).toBe('forbidden')
    expect(slow.hint).toContain(`gcloud services enable ${ARTIFACT_REGISTRY} --project=p1`)
    const waited = gcp.retries().reduce((sum, event) => sum + (event.type === 'retry' ? event.delay : 0), 0)
    expect(waited).toBeGreaterThan(60_000)
    expect(waited).toBeLessThan(180_000)

    gcp.cloud.enabled.clear()
    gcp.cloud.polls = Infinity
    expect(await failureOf(gcp.provider().apply(gcp.context))).toMatchObject({ code: 'stalled' })
  })

  it('stops during an operation if it is aborted', async () => {
    await using gcp = await open(form)
    gcp.cloud.polls = Infinity
    const end = new AbortController()
    const sleep = async () => end.abort()
    const error = await failureOf(gcp.provider().apply(gcp.contextOf({ signal: end.signal, sleep })))
    expect(error.code).toBe('aborted')
  })

  it('keeps a repository of somebody else unchanged, and does not delete it', async () => {
    await using gcp = await open(form)
    const before = { name: EU, format: 'DOCKER', labels: { team: 'images' } }
    gcp.cloud.enabled.add(ARTIFACT_REGISTRY)
    gcp.cloud.repositories.set(EU, before)
    const changes = await gcp.provider().apply(gcp.context)
    expect(changes.at(-1)).toMatchObject({ action: 'keep', reason: 'is there; left as it is' })
    expect(actionsOf(await gcp.provider().destroy(gcp.context))).toEqual(['keep', 'keep', 'keep'])
    expect(gcp.cloud.repositories.get(EU)).toBe(before)
  })

  it('refuses a repository that is not for images', async () => {
    await using gcp = await open(form)
    gcp.cloud.enabled.add(ARTIFACT_REGISTRY)
    gcp.cloud.repositories.set(EU, { name: EU, format: 'MAVEN' })
    const error = await failureOf(gcp.provider().changes(gcp.context))
    expect(error.code).toBe('name-taken')
    expect(error.hint).toContain('MAVEN')
  })

  it('deletes the repository that it created, but no repository of another installation and no API', async () => {
    await using gcp = await open(form)
    await gcp.provider().apply(gcp.context)
    await gcp.provider({ installation: 'other' }).destroy(gcp.context)
    expectWhole(gcp.cloud)

    const planned = await gcp.provider().changes(gcp.context, 'absent')
    expect(actionsOf(planned)).toEqual(['delete', 'keep', 'keep'])
    expect(planned.at(-1)?.reason).toBe('APIs are left enabled: others may use them')
    expectWhole(gcp.cloud)

    gcp.cloud.log.clear()
    gcp.cloud.log.faults(index => (index === 1 ? 'cut' : undefined))
    expect(await gcp.provider().destroy(gcp.context)).toEqual(planned)
    expect(gcp.cloud.repositories.size).toBe(0)
    expect(gcp.cloud.enabled.size).toBe(2)
    expect(actionsOf(await gcp.provider().destroy(gcp.context))).toEqual(['keep', 'keep', 'keep'])
  })

  it('tests the registry with the key, at the address of the repository', async () => {
    await using gcp = await open(form)
    const ok = { name: 'push', status: 'ok' } as const
    const tried: string[] = []
    const probe: GcpProviderOptions['probe'] = async ({ username, password }, address) => {
      expect(JSON.parse(password.reveal())).toMatchObject({ client_email: EMAIL })
      tried.push(`${username} ${address}`)
      return [ok]
    }
    const common = { project: 'example.com:p1', installation: 'prod', probe, vault: memoryVault() }
    const first = gcp.provider({ ...common, registry: 'artifact-registry' })
    await first.apply(gcp.context)
    // The second provider reads the key from the vault.
    const { clients } = gcp
    const second = createGcpProvider({ ...common, clients, registry: 'gcr', location: 'asia-east1' })
    expect([...(await first.check(gcp.context)), ...(await second.check(gcp.context))]).toEqual([ok, ok])
    expect(tried).toEqual([
      '_json_key europe-west1-docker.pkg.dev/example.com/p1/prod',
      '_json_key asia.gcr.io/example.com/p1',
    ])
    expect(await gcp.provider().check(gcp.context)).toMatchObject([{ status: 'skipped' }])
  })

  it('prints the commands that a person has to run', async () => {
    await using gcp = await open(form)
    const grant =
      'gcloud artifacts repositories add-iam-policy-binding eu.gcr.io --project=p1 --location=europe --member=serviceAccount:gitpod@p1.iam.gserviceaccount.com --role=roles/artifactregistry.writer'
    const onPush =
      'gcloud projects add-iam-policy-binding p1 --member=serviceAccount:gitpod@p1.iam.gserviceaccount.com --role=roles/artifactregistry.createOnPushWriter'
    gcp.cloud.enabled.add(ARTIFACT_REGISTRY)
    expect(await gcp.provider().notes(gcp.context)).toEqual([
      expect.stringContaining(grant),
      expect.stringContaining(onPush),
    ])
    gcp.cloud.log.clear()
    gcp.cloud.log.at(0, 'refuse')
    expect(await gcp.provider().notes(gcp.context)).toHaveLength(2)
    await gcp.provider().apply(gcp.context)
    expect(await gcp.provider().notes(gcp.context)).toEqual([expect.stringContaining(grant)])
  })

  it('shows no part of the key, whatever happens', async () => {
    const seen: unknown[] = []
    for (const fault of [undefined, 'refuse', 'throttle', 'cut'] as const) {
      await using gcp = await open(form)
      gcp.cloud.log.faults(index => (index > 5 ? fault : undefined))
      const provider = gcp.provider({ vault: memoryVault() })
      const told = [provider.changes, provider.apply, provider.check, provider.notes, provider.describe]
      for (const tell of told) seen.push(await tell(gcp.context).catch((error: unknown) => error))
      seen.push(gcp.events)
    }
    const shown = [inspect(seen, { depth: Infinity, showHidden: true }), JSON.stringify(seen)].join('\n')
    expect(shown).toContain('forbidden')
    const { private_key: pem, private_key_id: id } = JSON.parse(key.json.reveal()) as Record<string, string>
    const parts = pem!.split('\n').filter(line => line.length > 40 || line.startsWith('-----'))
    for (const part of [...parts, id!, 'Bearer ']) expect(shown).not.toContain(part)
  })
})

// gcloud is a client of other authors, so that the fake does not fit gpreg only. Debian does not package it.
describe.skipIf(!onPath('gcloud'))('the fake', () => {
  it('behaves like Google Cloud towards gcloud', async () => {
    await using directory = await temporaryDirectory()
    const cloud = new Cloud()
    await using server = await startRestServer(cloud)
    const env = {
      ...process.env,
      CLOUDSDK_CONFIG: directory.path,
      CLOUDSDK_AUTH_ACCESS_TOKEN: 'token',
      CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
      CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: '1',
      CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: '1',
      CLOUDSDK_CORE_PROJECT: 'p1',
      CLOUDSDK_API_ENDPOINT_OVERRIDES_SERVICEUSAGE: server.url,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_ARTIFACTREGISTRY: server.url,
    }
    const gcloud = (...args: string[]) => mustRun('gcloud', args, { env })
    await gcloud('services', 'enable', ARTIFACT_REGISTRY)
    const repository = ['eu.gcr.io', '--location=europe']
    await gcloud('artifacts', 'repositories', 'create', ...repository, '--repository-format=docker')
    expect([...cloud.enabled]).toEqual([ARTIFACT_REGISTRY])
    expect(cloud.repositories.get(EU)).toMatchObject({ format: 'DOCKER' })
    const shown = await gcloud('artifacts', 'repositories', 'describe', ...repository, '--format=json')
    expect(JSON.parse(shown)).toMatchObject({ name: EU, format: 'DOCKER' })
    await gcloud('artifacts', 'repositories', 'delete', ...repository, '--quiet')
    expect(cloud.repositories.size).toBe(0)
  })
})

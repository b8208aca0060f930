import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { memoryVault } from '@gpreg/core/provider'
import { createGcpProvider, type GcpProviderOptions } from '@gpreg/provider-gcp'
import { Cloud } from '../../support/cloud/gcp/cloud.ts'
import {
  ARTIFACT_REGISTRY,
  EMAIL,
  EU,
  actionsOf,
  expectWhole,
  key,
  openGoogle,
} from '../../support/cloud/gcp/provisioning.ts'
import { startRestServer } from '../../support/cloud/gcp/rest-server.ts'
import { mustRun } from '../../support/process.ts'
import { failureOf } from '../../support/failure-of.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { onPath } from '../../support/tools.ts'

describe.each(['gRPC', 'REST'] as const)('a repository of Google Cloud over %s', form => {
  it('keeps a repository of somebody else unchanged, and does not delete it', async () => {
    await using gcp = await openGoogle(form)
    const before = { name: EU, format: 'DOCKER', labels: { team: 'images' } }
    gcp.cloud.enabled.add(ARTIFACT_REGISTRY)
    gcp.cloud.repositories.set(EU, before)
    const changes = await gcp.provider().apply(gcp.context)
    expect(changes.at(-1)).toMatchObject({ action: 'keep', reason: 'is there; left as it is' })
    expect(actionsOf(await gcp.provider().destroy(gcp.context))).toEqual(['keep', 'keep', 'keep'])
    expect(gcp.cloud.repositories.get(EU)).toBe(before)
  })

  it('refuses a repository that is not for images', async () => {
    await using gcp = await openGoogle(form)
    gcp.cloud.enabled.add(ARTIFACT_REGISTRY)
    gcp.cloud.repositories.set(EU, { name: EU, format: 'MAVEN' })
    const error = await failureOf(gcp.provider().changes(gcp.context))
    expect(error.code).toBe('name-taken')
    expect(error.hint).toContain('MAVEN')
  })

  it('deletes the repository that it created, but no repository of another installation and no API', async () => {
    await using gcp = await openGoogle(form)
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
    await using gcp = await openGoogle(form)
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
    await using gcp = await openGoogle(form)
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
      await using gcp = await openGoogle(form)
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

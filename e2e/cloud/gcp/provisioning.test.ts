import { describe, expect, it } from 'vitest'
import { memoryVault } from '@gpreg/core/provider'
import {
  ARTIFACT_REGISTRY,
  CONTAINER_REGISTRY,
  EU,
  actionsOf,
  expectWhole,
  key,
  namesOf,
  openGoogle,
} from '../../support/cloud/gcp/provisioning.ts'
import { failureOf } from '../../support/failure-of.ts'

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

describe.each(['gRPC', 'REST'] as const)('provisioning in Google Cloud over %s', form => {
  it('changes nothing if it only shows the changes, even with the APIs off', async () => {
    await using gcp = await openGoogle(form)
    expect(await gcp.provider().changes(gcp.context)).toEqual([
      expect.objectContaining({ resource: `serviceusage:service/${CONTAINER_REGISTRY}`, action: 'update' }),
      expect.objectContaining({ resource: `serviceusage:service/${ARTIFACT_REGISTRY}`, action: 'update' }),
      expect.objectContaining({ resource: 'artifactregistry:repository/europe/eu.gcr.io', action: 'create' }),
    ])
    expect(gcp.cloud.log.writes).toEqual([])
    expect(gcp.cloud.enabled.size + gcp.cloud.repositories.size).toBe(0)
  })

  it('creates each resource once in several runs, and reports that it waits', async () => {
    await using gcp = await openGoogle(form)
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
      await using gcp = await openGoogle(form)
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
      await using gcp = await openGoogle(form)
      gcp.cloud.log.at(index, 'cut')
      await gcp.provider().apply(gcp.context)
      expectWhole(gcp.cloud)
    }
  })

  it('names the missing permission, whichever call is refused', async () => {
    for (const [index, permission] of PERMISSIONS.entries()) {
      await using gcp = await openGoogle(form)
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
      await using gcp = await openGoogle(form)
      gcp.cloud.log.at(index, 'throttle')
      await gcp.provider().apply(gcp.context)
      expectWhole(gcp.cloud)
      expect(gcp.retries()).toEqual([
        expect.objectContaining({ error: expect.objectContaining({ code: 'rate-limited' }) }),
      ])
    }
  })

  it('gives up if throttling does not end', async () => {
    await using gcp = await openGoogle(form)
    gcp.cloud.log.faults(() => 'throttle')
    const error = await failureOf(gcp.provider().changes(gcp.context))
    expect(error).toMatchObject({ code: 'rate-limited', retryable: false })
    expect(gcp.cloud.log.calls).toHaveLength(7)
  })

  it('says what to do about a project without billing', async () => {
    await using gcp = await openGoogle(form)
    gcp.cloud.hasBilling = false
    const error = await failureOf(gcp.provider().apply(gcp.context))
    expect(error.code).toBe('forbidden')
    expect(error.message).toContain(': Billing must be enabled for activation')
    expect(error.subject).not.toHaveProperty('permission')
    expect(error.hint).toContain('gcloud billing projects link p1 --billing-account=ACCOUNT')
    expect(gcp.warnings()).toHaveLength(1)
  })

  it('waits for an API that was enabled a moment ago', async () => {
    await using gcp = await openGoogle(form)
    gcp.cloud.slowness = 10
    await gcp.provider().apply(gcp.context)
    expectWhole(gcp.cloud)
    expect(gcp.retries()).toHaveLength(9)
  })

  it('does not wait for ever for an API or an operation', async () => {
    await using gcp = await openGoogle(form)
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
    await using gcp = await openGoogle(form)
    gcp.cloud.polls = Infinity
    const end = new AbortController()
    const sleep = async () => end.abort()
    const error = await failureOf(gcp.provider().apply(gcp.contextOf({ signal: end.signal, sleep })))
    expect(error.code).toBe('aborted')
  })
})

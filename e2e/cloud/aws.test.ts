import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { inspect } from 'node:util'
import { describe, expect, inject, it } from 'vitest'
import { type SecretVault, createContext, type GpregEvent } from '@gpreg/core'
import { fileVault, memoryVault } from '@gpreg/core/provider'
import { isGpregError } from '@gpreg/oci'
import { createAwsClients, createAwsProvider, type AwsProviderOptions } from '@gpreg/provider-aws'
import { ADMIN } from '../support/cloud/aws/radosgw.ts'
import { startAwsCloud, type AwsCloud } from '../support/cloud/aws/aws-cloud.ts'
import { needs } from '../support/tools.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: ADMIN.accessKeyId,
  AWS_SECRET_ACCESS_KEY: ADMIN.secretAccessKey,
})

/** Opens an account for one test. Waits of gpreg take no real time. */
async function open() {
  const cloud = await startAwsCloud(inject('gateway')!)
  const events: GpregEvent[] = []
  let now = Date.now()
  const sleep = async (milliseconds: number) => void (now += milliseconds)
  const context = createContext({ now: () => now, sleep, emit: event => events.push(event) })
  const installation = `t${randomBytes(4).toString('hex')}`
  const clients = await createAwsClients({
    region: 'us-east-1',
    s3Endpoint: cloud.s3,
    iamEndpoint: cloud.iam,
  })
  const provider = (vault: SecretVault, more: Partial<AwsProviderOptions> = {}) =>
    createAwsProvider({
      installation,
      region: 'us-east-1',
      s3Endpoint: cloud.s3,
      withIam: true,
      vault,
      clients,
      ...more,
    })
  return {
    cloud,
    events,
    context,
    installation,
    provider,
    [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose](),
  }
}

const keysOf = (cloud: AwsCloud, installation: string) =>
  cloud.users.get(`registry-user-${installation}`)?.keys.map(({ id }) => id) ?? []

describe.skipIf(needs('radosgw'))('provisioning in AWS', () => {
  it('changes nothing if it only shows the changes', async () => {
    await using aws = await open()
    const changes = await aws.provider(memoryVault()).changes(aws.context)
    expect(
      changes.filter(({ action }) => action === 'create').map(({ resource }) => resource.split('/')[0]),
    ).toEqual(['s3:bucket', 'iam:user', 'iam:policy', 'iam:access-key'])
    expect(aws.cloud.log.writes).toEqual([])
    expect(aws.cloud.users.size).toBe(0)
  })

  it('creates each resource once in several runs, and the key can do what the registry does', async () => {
    await using aws = await open()
    const vault = memoryVault()
    await aws.provider(vault).apply(aws.context)
    const made = await vault.read()
    const described = await aws.provider(vault).describe(aws.context)
    expect(await aws.provider(vault).check(aws.context)).toEqual([
      ...['write', 'copy', 'read', 'multipart upload', 'delete'].map(name => ({ name, status: 'ok' })),
      expect.objectContaining({ name: 'encrypted write', status: 'warning' }),
    ])
    aws.cloud.log.clear()
    const again = await aws.provider(vault).apply(aws.context)
    expect(again.every(({ action }) => action === 'keep')).toBe(true)
    expect(aws.cloud.log.writes).toEqual([])
    expect(await vault.read()).toEqual(made)
    expect(await aws.provider(vault).describe(aws.context)).toEqual(described)
    expect(keysOf(aws.cloud, aws.installation)).toEqual([made.registryStorage?.accessKeyId])
  })

  it('completes after a crash at any call, with one valid key', async () => {
    await using counted = await open()
    await counted.provider(memoryVault()).apply(counted.context)
    const calls = counted.cloud.log.calls.length
    expect(calls).toBeGreaterThan(12)
    for (let crash = 0; crash < calls; crash++) {
      await using aws = await open()
      const vault = memoryVault()
      const dying = new AbortController()
      // The call takes effect, but the process dies before the answer.
      aws.cloud.log.at(crash, 'cut')
      aws.cloud.log.whenDone(index => void (index === crash && dying.abort()))
      await expect(
        aws.provider(vault).apply({ ...aws.context, signal: dying.signal }),
        `crash at ${counted.cloud.log.calls[crash]?.name}`,
      ).rejects.toMatchObject({ code: 'aborted' })
      aws.cloud.log.clear()
      await aws.provider(vault).apply(aws.context)
      const { registryStorage: key } = await vault.read()
      expect(keysOf(aws.cloud, aws.installation)).toEqual([key?.accessKeyId])
      const settled = await aws.provider(vault).changes(aws.context)
      expect(settled.map(({ action }) => action)).toEqual(settled.map(() => 'keep'))
      const [, write] = await aws.provider(vault).check(aws.context)
      expect(write?.status).toBe('ok')
      const gone = await aws.provider(vault).changes(aws.context, 'absent')
      expect(gone.map(({ action }) => action)).toEqual(['delete', 'delete', 'delete'])
    }
  }, 300_000)

  it('names the missing permission, whichever call is refused: in an error, or in a warning for what is not needed', async () => {
    await using counted = await open()
    await counted.provider(memoryVault()).apply(counted.context)
    const names = counted.cloud.log.calls.map(({ name }) => name)
    for (const [index, name] of names.entries()) {
      await using aws = await open()
      aws.cloud.log.at(index, 'refuse')
      const outcome: unknown = await aws
        .provider(memoryVault())
        .apply(aws.context)
        .catch((thrown: unknown) => thrown)
      const isNeeded = !/\?(tagging|lifecycle|versioning)/.test(name)
      expect(isGpregError(outcome, 'forbidden'), name).toBe(isNeeded)
      const warning = aws.events.find(({ type }) => type === 'warning')
      const said = (isNeeded ? outcome : warning) as {
        subject: { permission?: string }
        hint?: string
        message: string
      }
      expect(said.subject.permission, name).toMatch(
        name.startsWith('iam:') ? new RegExp(`^${name}$`) : /^s3:[A-Z]\w+$/,
      )
      expect(`${said.hint} ${said.message}`).toContain(`needs ${said.subject.permission}`)
    }
  })

  it('continues after throttling at every call, and fails with an error if throttling does not end', async () => {
    await using aws = await open()
    const throttled = new Set<string>()
    aws.cloud.log.faults((_, { name }) => {
      if (throttled.has(name)) return undefined
      throttled.add(name)
      return 'throttle'
    })
    const vault = memoryVault()
    await aws.provider(vault).apply(aws.context)
    expect(throttled.size).toBeGreaterThan(10)
    expect(keysOf(aws.cloud, aws.installation)).toHaveLength(1)
    aws.cloud.log.faults(() => 'throttle')
    await expect(aws.provider(vault).changes(aws.context)).rejects.toMatchObject({
      code: 'rate-limited',
      hint: expect.any(String),
    })
  })

  it('keeps one key if the answer with the key is lost several times', async () => {
    await using aws = await open()
    let lost = 0
    aws.cloud.log.faults((_, { name }) => (name === 'iam:CreateAccessKey' && lost++ < 3 ? 'cut' : undefined))
    const vault = memoryVault()
    await aws.provider(vault).apply(aws.context)
    expect(lost).toBe(4)
    expect(keysOf(aws.cloud, aws.installation)).toEqual([(await vault.read()).registryStorage?.accessKeyId])
    const removed = aws.events.filter(event => event.type === 'warning' && event.code === 'cloud')
    expect(removed).toHaveLength(3)
  })

  it('rotates to a second key, and deletes the first one at the next rotation', async () => {
    await using aws = await open()
    const vault = memoryVault()
    const stored = async () => (await vault.read()).registryStorage?.accessKeyId
    await aws.provider(vault).apply(aws.context)
    const first = await stored()
    await aws.provider(vault, { rotate: true }).apply(aws.context)
    const second = await stored()
    expect(keysOf(aws.cloud, aws.installation)).toEqual([first, second])
    await aws.provider(vault, { rotate: true }).apply(aws.context)
    expect(keysOf(aws.cloud, aws.installation)).toEqual([second, await stored()])
    expect(new Set([first, second, await stored()]).size).toBe(3)
  })

  it('creates a second key if the secret of the first is lost, and no third one', async () => {
    await using aws = await open()
    await aws.provider(memoryVault()).apply(aws.context)
    await aws.provider(memoryVault()).apply(aws.context)
    const keys = keysOf(aws.cloud, aws.installation)
    expect(keys).toHaveLength(2)
    const error = await aws
      .provider(memoryVault())
      .changes(aws.context)
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'limit-exceeded',
      hint: expect.stringContaining(`delete-access-key`),
    })
    for (const id of keys) expect((error as Error).message).toContain(`${id} (made`)
  })

  it('never deletes a key that was used, or a key of a user that gpreg did not create', async () => {
    await using aws = await open()
    const lost = memoryVault()
    await aws.provider(lost).apply(aws.context)
    await aws.provider(lost).check(aws.context)
    const [used] = keysOf(aws.cloud, aws.installation)
    // As after a run that broke off before it created the key.
    const vault = memoryVault({ journal: { 'keys-before': [] } })
    await aws.provider(vault).apply(aws.context)
    expect(keysOf(aws.cloud, aws.installation)).toContain(used)

    await using other = await open()
    await other.provider(memoryVault()).apply(other.context)
    const user = other.cloud.users.get(`registry-user-${other.installation}`)!
    user.tags.delete('gpreg:managed')
    const [theirs] = keysOf(other.cloud, other.installation)
    await other.provider(memoryVault({ journal: { 'keys-before': [] } })).apply(other.context)
    expect(keysOf(other.cloud, other.installation)).toContain(theirs)
  })

  it('refuses a user that somebody else created', async () => {
    await using aws = await open()
    await aws.provider(memoryVault()).apply(aws.context)
    aws.cloud.users.get(`registry-user-${aws.installation}`)!.tags.clear()
    await expect(aws.provider(memoryVault()).changes(aws.context)).rejects.toMatchObject({
      code: 'name-taken',
      hint: expect.stringContaining('tag-user'),
    })
    const gone = await aws.provider(memoryVault()).changes(aws.context, 'absent')
    expect(gone.slice(0, 2).map(({ action }) => action)).toEqual(['keep', 'keep'])
  })

  it('gives the key access to its own bucket and to no other', async () => {
    await using aws = await open()
    const vault = memoryVault()
    await aws.provider(vault).apply(aws.context)
    const other = `other-${aws.installation}`
    await aws.provider(memoryVault(), { bucket: other, installation: other }).apply(aws.context)
    const [refused] = await aws.provider(vault, { bucket: other }).check(aws.context)
    expect(refused).toMatchObject({
      name: 'write',
      status: 'failed',
      detail: expect.stringContaining('AccessDenied'),
    })
    const [own] = await aws.provider(vault).check(aws.context)
    expect(own).toMatchObject({ name: 'write', status: 'ok' })
  })

  it('destroys only what it created, and keeps a bucket with content', async () => {
    await using aws = await open()
    const vault = memoryVault()
    await aws.provider(vault).apply(aws.context)
    const [{ PutObjectCommand, DeleteObjectCommand }, { s3 }] = [
      await import('@aws-sdk/client-s3'),
      await createAwsClients({ region: 'us-east-1', s3Endpoint: aws.cloud.s3 }),
    ]
    const object = { Bucket: `reg-bucket-${aws.installation}`, Key: 'blob' }
    await s3.send(new PutObjectCommand({ ...object, Body: 'x' }))
    const kept = await aws.provider(vault).destroy(aws.context)
    expect(kept.map(({ action }) => action)).toEqual(['delete', 'delete', 'keep'])
    expect(kept[2]?.reason).toContain('aws s3 rm')
    expect(aws.cloud.users.size).toBe(0)
    await s3.send(new DeleteObjectCommand(object))
    expect((await aws.provider(vault).destroy(aws.context)).map(({ action }) => action)).toEqual([
      'keep',
      'keep',
      'delete',
    ])
    expect((await aws.provider(vault).destroy(aws.context)).map(({ action }) => action)).toEqual([
      'keep',
      'keep',
      'keep',
    ])

    await using adopted = await open()
    await adopted.provider(memoryVault(), { withIam: true }).apply(adopted.context)
    // With another vault, only the bucket's tag shows that gpreg created it.
    const gone = await adopted.provider(memoryVault()).changes(adopted.context, 'absent')
    expect(gone.map(({ action }) => action)).toEqual(['delete', 'delete', 'delete'])
  })

  it('writes its secret to the vault and to no other place', async () => {
    await using aws = await open()
    await using directory = await temporaryDirectory()
    const vault = fileVault(directory.join('secrets.json'))
    const provider = aws.provider(vault)
    const told = [
      await provider.changes(aws.context),
      await provider.apply(aws.context),
      await provider.describe(aws.context),
      await provider.check(aws.context),
      await provider.notes(aws.context),
      aws.events,
      await vault.read(),
    ]
    const secret = (await vault.read()).registryStorage!.secretAccessKey.reveal()
    expect(await readFile(directory.join('secrets.json'), 'utf8')).toContain(secret)
    expect(`${JSON.stringify(told)}${inspect(told, { depth: 12 })}`).not.toContain(secret)
  })
})

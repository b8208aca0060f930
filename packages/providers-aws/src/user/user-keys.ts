import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  ListAccessKeysCommand,
  type IAMClient,
} from '@aws-sdk/client-iam'
import type { AccessKey, Context } from '@gpreg/core'
import type { CloudCall } from '@gpreg/core/provider'
import { GpregError, Sensitive } from '@gpreg/oci'
import { call, unless } from '../api/call.ts'
import { ABSENT } from './user.ts'

/** An access key as IAM lists it, without its secret. */
export interface ListedKey {
  readonly id: string
  readonly isActive: boolean
  readonly createdAt: Date | undefined
}

/** The last use of an access key. */
export interface KeyUse {
  readonly at: Date
  /** such as `s3` */
  readonly service: string
}

/** The access keys of one IAM user. */
export class UserKeys {
  readonly name: string
  readonly #iam: IAMClient
  readonly #user: string

  constructor(iam: IAMClient, user: string) {
    this.name = `iam:access-key/${user}`
    this.#iam = iam
    this.#user = user
  }

  /** @returns none if the user is missing */
  async list(context: Context): Promise<readonly ListedKey[]> {
    const about = { resource: this.name, permission: 'iam:ListAccessKeys' }
    const command = new ListAccessKeysCommand({ UserName: this.#user })
    const answer = await call(context, about, options => unless(ABSENT, this.#iam.send(command, options)))
    return (answer?.AccessKeyMetadata ?? []).flatMap(({ AccessKeyId: id, Status, CreateDate: createdAt }) =>
      id === undefined ? [] : [{ id, isActive: Status === 'Active', createdAt }],
    )
  }

  /** Sent only once, because a second attempt could leave a key with an unknown secret. @throws `protocol` */
  async create(context: Context): Promise<AccessKey> {
    const about = { resource: this.name, permission: 'iam:CreateAccessKey' }
    const command = new CreateAccessKeyCommand({ UserName: this.#user })
    const { AccessKey: made } = await call(
      context,
      about,
      options => this.#iam.send(command, options),
      'single',
    )
    if (made?.AccessKeyId === undefined || made.SecretAccessKey === undefined)
      throw new GpregError('protocol', `AWS told no secret of ${this.name}`, { resource: this.name })
    return { accessKeyId: made.AccessKeyId, secretAccessKey: new Sensitive(made.SecretAccessKey) }
  }

  async remove(id: string, context: Context): Promise<void> {
    const about = { resource: `${this.name}/${id}`, permission: 'iam:DeleteAccessKey' }
    const command = new DeleteAccessKeyCommand({ UserName: this.#user, AccessKeyId: id })
    await call(context, about, options => unless(ABSENT, this.#iam.send(command, options)))
  }

  /** The last use of a key; undefined for a key that was never used. */
  async lastUse(id: string, context: Context): Promise<KeyUse | undefined> {
    const about: CloudCall = { resource: `iam:access-key/${id}`, permission: 'iam:GetAccessKeyLastUsed' }
    const command = new GetAccessKeyLastUsedCommand({ AccessKeyId: id })
    const { AccessKeyLastUsed: used } = await call(context, about, options =>
      this.#iam.send(command, options),
    )
    if (used?.LastUsedDate === undefined) return undefined
    return { at: used.LastUsedDate, service: used.ServiceName ?? 'unknown' }
  }
}

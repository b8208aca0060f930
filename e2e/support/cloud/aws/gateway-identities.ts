import { randomBytes } from 'node:crypto'
import {
  DeleteUserPolicyCommand,
  IAMClient,
  IAMServiceException,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { ApiError } from '../api-error.ts'
import type { IamKey, IamUser } from './iam-protocol.ts'
import { ADMIN, createUser, radosgwAdmin, type RadosGateway } from './radosgw.ts'

/** Copies users of the fake IAM to the S3 gateway, which enforces their keys and policies. */
export class GatewayIdentities {
  readonly #conf: string
  /** A client of the gateway's own IAM API, which supports policies only. */
  readonly #iam: IAMClient
  /** Prefix of this test's user names, because several tests share the gateway. */
  readonly #prefix = randomBytes(3).toString('hex')

  constructor({ conf, endpoint }: RadosGateway) {
    this.#conf = conf
    this.#iam = new IAMClient({ endpoint, region: 'us-east-1', credentials: ADMIN })
  }

  add(user: IamUser): Promise<void> {
    return createUser(this.#conf, { uid: this.#uid(user) })
  }

  async remove(user: IamUser): Promise<void> {
    await radosgwAdmin(this.#conf, 'user', 'rm', `--uid=${this.#uid(user)}`)
  }

  async putPolicy(user: IamUser, PolicyName: string, PolicyDocument: string): Promise<void> {
    const command = new PutUserPolicyCommand({ UserName: this.#uid(user), PolicyName, PolicyDocument })
    await this.#iam.send(command).catch((thrown: unknown) => {
      // The gateway does not say why it refuses a policy.
      if (thrown instanceof IAMServiceException && thrown.$metadata.httpStatusCode === 400)
        throw new ApiError(400, 'MalformedPolicyDocument', 'Syntax errors in policy.')
      throw thrown
    })
  }

  async deletePolicy(user: IamUser, PolicyName: string): Promise<void> {
    await this.#iam.send(new DeleteUserPolicyCommand({ UserName: this.#uid(user), PolicyName }))
  }

  admit(user: IamUser, { id, secret }: IamKey): Promise<void> {
    return this.#changeKeys(user, 'create', `--access-key=${id}`, `--secret-key=${secret}`)
  }

  expel(user: IamUser, { id }: IamKey): Promise<void> {
    return this.#changeKeys(user, 'rm', `--access-key=${id}`)
  }

  /** Changes keys and restores the policies, because `radosgw-admin key` writes the user again without them. */
  async #changeKeys(user: IamUser, ...args: string[]): Promise<void> {
    await radosgwAdmin(this.#conf, 'key', ...args, `--uid=${this.#uid(user)}`, '--key-type=s3')
    for (const [name, document] of user.policies) await this.putPolicy(user, name, document)
  }

  #uid(user: IamUser): string {
    return `${this.#prefix}-${user.name}`
  }
}

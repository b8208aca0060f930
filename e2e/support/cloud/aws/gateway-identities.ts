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

/** Users of a fake IAM as users of the gateway, which holds them to their keys and policies. */
export class GatewayIdentities {
  readonly #conf: string
  /** The gateway speaks IAM for policies, and for nothing else. */
  readonly #iam: IAMClient
  /** Several tests share the gateway, and each has names of its own. */
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
      // The gateway gives no reason.
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

  /** `radosgw-admin key` writes the user anew, without its policies. */
  async #changeKeys(user: IamUser, ...args: string[]): Promise<void> {
    await radosgwAdmin(this.#conf, 'key', ...args, `--uid=${this.#uid(user)}`, '--key-type=s3')
    for (const [name, document] of user.policies) await this.putPolicy(user, name, document)
  }

  #uid(user: IamUser): string {
    return `${this.#prefix}-${user.name}`
  }
}

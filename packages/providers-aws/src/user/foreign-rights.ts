import {
  ListAttachedUserPoliciesCommand,
  ListGroupsForUserCommand,
  ListUserPoliciesCommand,
} from '@aws-sdk/client-iam'
import type { Context } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { call, unless } from '../api/call.ts'
import { POLICY_NAME } from '../names.ts'
import { ABSENT, type UserOptions } from './user.ts'

type Who = Pick<UserOptions, 'iam' | 'user'>

/**
 * Refuses to remove a user to whom somebody else gave rights: something else uses the user then, and AWS would refuse in the middle,
 * after the keys are gone. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
 *
 * @throws `in-use`, with the commands that take the rights away
 */
export async function assertNoForeignRights(who: Who, context: Context): Promise<void> {
  const { user } = who
  const commands = [
    ...(await inlinePolicies(who, context)).map(
      name => `aws iam delete-user-policy --user-name ${user} --policy-name ${name}`,
    ),
    ...(await attachedPolicies(who, context)).map(
      arn => `aws iam detach-user-policy --user-name ${user} --policy-arn ${arn}`,
    ),
    ...(await groups(who, context)).map(
      name => `aws iam remove-user-from-group --user-name ${user} --group-name ${name}`,
    ),
  ]
  if (commands.length === 0) return
  throw new GpregError(
    'in-use',
    `the IAM user ${user} has rights that gpreg did not give: nothing was removed`,
    {
      resource: `iam:user/${user}`,
      hint: `where nothing else needs the user, take them away and run this again: ${commands.join('; ')}`,
    },
  )
}

async function inlinePolicies({ iam, user }: Who, context: Context): Promise<string[]> {
  const command = new ListUserPoliciesCommand({ UserName: user })
  const answer = await call(context, about(user, 'iam:ListUserPolicies'), options =>
    unless(ABSENT, iam.send(command, options)),
  )
  return (answer?.PolicyNames ?? []).filter(name => name !== POLICY_NAME)
}

async function attachedPolicies({ iam, user }: Who, context: Context): Promise<string[]> {
  const command = new ListAttachedUserPoliciesCommand({ UserName: user })
  const answer = await call(context, about(user, 'iam:ListAttachedUserPolicies'), options =>
    unless(ABSENT, iam.send(command, options)),
  )
  return (answer?.AttachedPolicies ?? []).flatMap(({ PolicyArn }) => PolicyArn ?? [])
}

async function groups({ iam, user }: Who, context: Context): Promise<string[]> {
  const command = new ListGroupsForUserCommand({ UserName: user })
  const answer = await call(context, about(user, 'iam:ListGroupsForUser'), options =>
    unless(ABSENT, iam.send(command, options)),
  )
  return (answer?.Groups ?? []).flatMap(({ GroupName }) => GroupName ?? [])
}

const about = (user: string, permission: string) => ({ resource: `iam:user/${user}`, permission })

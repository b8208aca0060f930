import type { MirrorOptions } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { parseDuration } from './flags/duration.ts'
import { withEnvironment } from './flags/environment.ts'
import { Flags } from './oclif.ts'

type Shard = NonNullable<MirrorOptions['shard']>

const helpGroup = 'SHARDS'

/** The flags that divide one copy between several processes. */
export const shardFlags = withEnvironment({
  shard: Flags.string({
    helpGroup,
    helpValue: 'N|I/N',
    dependsOn: ['lock'],
    description:
      'send only one of N shares of the blobs, and publish one of N shares of the images; the other processes do the rest. I counts from 1; without I, the share is the JOB_COMPLETION_INDEX of a Kubernetes Job, which counts from 0',
  }),
  'shard-patience': Flags.string({
    helpGroup,
    helpValue: 'TIME',
    dependsOn: ['shard'],
    description:
      'after this time without a new blob from another shard, send what is missing of its share; default 2m, and a second more for each MiB of the largest missing blob',
  }),
})

type ShardFlags = Readonly<Record<keyof typeof shardFlags, string | undefined>>

const PATIENCE = 2 * 60_000

/** More than a cluster would run; the shares of fewer blobs than shards are empty. */
const MOST = 1000

/**
 * Which of the shards this process is.
 * @param environment is looked at for JOB_COMPLETION_INDEX if the flag does not say which
 * @throws `usage`
 */
export function shardOf(
  flags: ShardFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Shard | undefined {
  const { shard, 'shard-patience': patience } = flags
  if (shard === undefined) return undefined
  const [, given, number] = /^(?:(\d{1,9})\/)?(\d{1,9})$/.exec(shard.trim()) ?? []
  const count = Number(number)
  if (number === undefined || count < 1 || count > MOST)
    throw wrongShard(
      `not a shard: ${JSON.stringify(shard)}`,
      `write the number of shards, at most ${MOST}, e.g. --shard 3 in an Indexed Job, or --shard 1/3 by hand`,
    )
  const index = given === undefined ? jobIndex(count, environment) : Number(given)
  if (index < 1 || index > count)
    throw wrongShard(
      `there is no shard ${index} of ${count}`,
      `shards count from 1/${count} to ${count}/${count}`,
    )
  return { index, count, patience: patience === undefined ? PATIENCE : parseDuration(patience) }
}

/** @returns the index of the shard, from 1 */
function jobIndex(
  count: number,
  { JOB_COMPLETION_INDEX: text }: Readonly<Record<string, string | undefined>>,
): number {
  if (!text)
    throw wrongShard(
      `--shard ${count} does not say which of the shards this is, and JOB_COMPLETION_INDEX is not set`,
      `set completionMode: Indexed in the Job, or name the shard, e.g. --shard 1/${count}`,
    )
  const index = /^\d{1,9}$/.test(text) ? Number(text) : NaN
  if (index < count) return index + 1
  throw wrongShard(
    `JOB_COMPLETION_INDEX is ${JSON.stringify(text)}, which is no index of ${count} shards`,
    `the Job needs completions: ${count}, and the variable counts from 0`,
  )
}

function wrongShard(message: string, hint: string): GpregError {
  return new GpregError('usage', message, { hint })
}

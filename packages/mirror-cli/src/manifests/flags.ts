import type { CommonRequest } from '@gpreg/values-gen'
import { GpregError } from '@gpreg/oci'
import { formatPrefix, parsePrefix } from '@gpreg/oci/engine'
import { defined } from '../flags/defined.ts'
import { withEnvironment } from '../flags/environment.ts'
import { parseDuration } from '../flags/duration.ts'
import { Flags, type Interfaces } from '../oclif.ts'
import { IMAGE_NAME } from '../tool/image/flags.ts'

/** The flags of every `gpreg manifests` command. @param name the default of `--name` */
export const manifestFlags = (name: string) =>
  withEnvironment({
    name: Flags.string({ helpValue: 'NAME', default: name, description: 'name of the objects' }),
    namespace: Flags.string({ helpValue: 'NAME', description: 'default: that of kubectl' }),
    output: Flags.string({
      char: 'o',
      helpValue: 'DIR|-',
      default: '-',
      description: 'a directory, with a file for each object; - is stdout',
    }),
    force: Flags.boolean({ description: 'overwrite files that say something else' }),
  })

export const jobFlags = withEnvironment({
  to: Flags.string({
    required: true,
    helpValue: 'HOST[:PORT]/PREFIX',
    description: 'the internal registry, and the path below which images are kept',
  }),
  lock: Flags.string({
    helpValue: 'FILE',
    description: 'what is mirrored: a lock, which goes into a ConfigMap; or name an image set behind --',
  }),
  image: Flags.string({
    helpValue: 'REF',
    description: 'the image of gpreg; default: PREFIX/gpreg:VERSION, where tool push puts it',
  }),
  kubernetes: Flags.string({
    helpValue: '1.N',
    default: '1.21',
    description: 'version of the cluster: later ones fail at once where another try does not help (1.26)',
  }),
  shards: Flags.integer({
    helpValue: 'N',
    min: 1,
    description: 'share the work among N pods of an Indexed Job (from 1.24 on)',
  }),
  credentials: Flags.string({
    helpValue: 'SECRET',
    description: 'a Secret with logins for all registries, of type kubernetes.io/dockerconfigjson',
  }),
  cloud: Flags.string({
    helpValue: 'aws|gcp|azure=ID',
    description:
      'log in by an identity of the cloud: ARN of a role, e-mail of a service account, or client id',
  }),
  'ca-file': Flags.string({
    helpValue: 'FILE',
    description: 'trust these certificate authorities (PEM), too',
  }),
  'journal-claim': Flags.string({
    helpValue: 'CLAIM',
    description:
      'a PersistentVolumeClaim on which large uploads are noted, so that a new pod goes on with them',
  }),
  deadline: Flags.string({ helpValue: 'TIME', description: 'end the Job after this time, e.g. 6h' }),
})

export type ManifestFlags = Interfaces.InferredFlags<ReturnType<typeof manifestFlags>>
export type JobFlags = Interfaces.InferredFlags<typeof jobFlags>

/** The part of a request for a Job that needs no file. @throws `usage` */
export function jobRequest(flags: JobFlags, version: string) {
  const to = formatPrefix(parsePrefix(flags.to))
  return {
    to,
    version,
    image: flags.image ?? `${to}/${IMAGE_NAME}:${version}`,
    kubernetes: parseKubernetes(flags.kubernetes),
    ...defined({
      shards: flags.shards,
      credentials: flags.credentials,
      journalClaim: flags['journal-claim'],
      deadline: flags.deadline === undefined ? undefined : parseDuration(flags.deadline) / 1000,
    }),
  }
}

/**
 * The arguments behind `--`, which the command in the cluster gets, too.
 * @param given all arguments of this command
 * @param words those that are no flags of this command
 * @throws `usage` for words before `--`
 */
export function furtherArguments(given: readonly string[], words: readonly unknown[]): CommonRequest['args'] {
  const end = given.indexOf('--')
  const further = end < 0 ? [] : given.slice(end + 1)
  if (words.length === further.length) return further
  throw new GpregError('usage', `${JSON.stringify(words[0])} is no flag of this command`, {
    hint: 'arguments for gpreg in the cluster stand behind --',
  })
}

/** The oldest version whose objects are written: batch/v1 has CronJob since then. */
const OLDEST = 21

/** The minor version of Kubernetes 1. */
function parseKubernetes(text: string): number {
  const minor = Number(/^v?1\.(\d{1,3})(?:[.+-].*)?$/.exec(text)?.[1])
  if (minor >= OLDEST) return minor
  throw new GpregError('usage', `--kubernetes: ${JSON.stringify(text)} is no version from 1.${OLDEST} on`, {
    hint: 'kubectl version says which one the server has, e.g. --kubernetes 1.29',
  })
}

/**
 * A schedule of five fields, or a word such as `@daily`. Kubernetes says what is wrong with a field.
 * @throws `usage`
 */
export function parseSchedule(text: string): string {
  if (
    /^\s*\S+(?:\s+\S+){4}\s*$/.test(text) ||
    /^@(?:hourly|daily|midnight|weekly|monthly|yearly|annually)$/.test(text)
  )
    return text.trim()
  throw new GpregError('usage', `--schedule: ${JSON.stringify(text)} has no five fields`, {
    hint: "write minute, hour, day, month and weekday in quotes, e.g. '0 3 * * *', or @daily",
  })
}

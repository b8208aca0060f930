import { parsePruneDocument, readText, type PruneDocument, type PruneRequest } from '@gpreg/core'
import { parsePrefix } from '@gpreg/oci/engine'
import { defined } from '../flags/defined.ts'
import { parseDuration } from '../flags/duration.ts'
import { withEnvironment } from '../flags/environment.ts'
import { Flags, type Interfaces } from '../oclif.ts'

const documents = { multiple: true, multipleNonGreedy: true, helpValue: 'FILE' } as const

/** The flags of `gpreg prune`. */
export const pruneFlags = withEnvironment({
  keep: Flags.string({
    ...documents,
    required: true,
    description: 'a lock or a receipt whose images stay, with their signatures, under every naming',
  }),
  mirrored: Flags.string({
    ...documents,
    description: 'a lock or a receipt of what gpreg has put there earlier: the tags that may go',
  }),
  'all-tags': Flags.boolean({
    description:
      'also remove tags that no document names, in all repositories below the prefix that the catalogue of the registry has',
  }),
  'older-than': Flags.string({
    helpValue: 'TIME',
    description: 'only what no document of this time names, e.g. 90d; what no document names stays',
  }),
  'keep-last': Flags.integer({
    helpValue: 'N',
    min: 0,
    description: 'keep the newest N names of each repository, beside those that --keep keeps',
  }),
  yes: Flags.boolean({ description: 'remove it; without this flag, it is only shown' }),
  confirm: Flags.integer({
    helpValue: 'N',
    min: 0,
    description: 'the number of tags that are meant to go, where gpreg asks for it',
  }),
})

type PruneFlags = Interfaces.InferredFlags<typeof pruneFlags>

/** @throws `usage`, `input-unreadable`, `input-invalid` */
export async function pruneRequest(target: string, flags: PruneFlags): Promise<PruneRequest> {
  return {
    to: parsePrefix(target),
    keep: await readDocuments(flags.keep),
    mirrored: await readDocuments(flags.mirrored ?? []),
    ...defined({
      allTags: flags['all-tags'],
      olderThan: flags['older-than'] === undefined ? undefined : parseDuration(flags['older-than']),
      keepLast: flags['keep-last'],
      execute: flags.yes,
      confirm: flags.confirm,
    }),
  }
}

function readDocuments(paths: readonly string[]): Promise<PruneDocument[]> {
  return Promise.all(paths.map(async path => parsePruneDocument(await readText(path), path)))
}

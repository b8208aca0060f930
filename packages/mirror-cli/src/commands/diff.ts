import { diffSides } from '@gpreg/core'
import { parsePrefix } from '@gpreg/oci/engine'
import { BaseCommand } from '../base-command.ts'
import { exitCodeOfDiff } from '../exit-codes.ts'
import { copyOptions, platformFlag, referrersFlag } from '../flags/copy.ts'
import { defined } from '../flags/defined.ts'
import { withEnvironment } from '../flags/environment.ts'
import { registryFlags } from '../flags/registries.ts'
import { namingFlag } from '../flags/target.ts'
import { Args, Flags } from '../oclif.ts'
import { renderDiff } from '../render/diff/diff.ts'

const side = {
  required: true,
  description: 'a release, a lock, a receipt, a bundle, or HOST[:PORT]/PREFIX',
} as const

export default class Diff extends BaseCommand {
  static override summary = 'Say what an upgrade changes: images, layers, bytes and configuration.'
  static override description =
    'Compares two releases, locks, receipts, bundles or registries. Images are the same by their name without tag and digest. Reads manifests only. A registry is asked for the images of the other side.'
  static override usage = '<%= command.id %> A B [--to HOST[:PORT]/PREFIX] [FLAGS]'
  static override examples = [
    {
      description: 'What a new release brings',
      command: 'gpreg diff release-2022.10.0 release-2022.11.3',
    },
    {
      description: 'What a differential bundle would carry, by the receipt of the last one',
      command: 'gpreg diff receipt.json gpreg.lock.json',
    },
    {
      description: 'The same against what the registry has now',
      command: 'gpreg diff old.lock.json new.lock.json --to registry.internal/gitpod',
    },
  ]
  static override args = { a: Args.string({ name: 'A', ...side }), b: Args.string({ name: 'B', ...side }) }
  static override flags = {
    ...withEnvironment({
      to: Flags.string({
        helpGroup: 'TARGET',
        helpValue: 'HOST[:PORT]/PREFIX',
        description: 'also say what this registry lacks of B now',
      }),
      lock: Flags.string({
        helpValue: 'FILE',
        description: 'the lock whose images are compared, where A and B are registries',
      }),
      'exit-code': Flags.boolean({ description: 'exit with 4 if something differs; default 0 either way' }),
    }),
    ...namingFlag,
    ...platformFlag,
    ...referrersFlag,
    ...registryFlags,
  }

  async run() {
    const { flags, args } = await this.parse(Diff)
    const world = await this.open(flags)
    const options = {
      ...copyOptions(flags),
      ...defined({
        namings: flags.naming,
        lock: flags.lock,
        to: flags.to === undefined ? undefined : parsePrefix(flags.to),
      }),
    }
    const diff = await diffSides([args.a, args.b], options, world)
    return this.answer(diff, renderDiff, exitCodeOfDiff(diff, flags['exit-code']))
  }
}

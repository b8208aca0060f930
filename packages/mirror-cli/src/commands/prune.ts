import { pruneTarget } from '@gpreg/core'
import { BaseCommand } from '../base-command.ts'
import { exitCodeOfPrune } from '../exit-codes.ts'
import { pruneFlags, pruneRequest } from '../prune/flags.ts'
import { loginFlags } from '../flags/registries.ts'
import { Args } from '../oclif.ts'
import { renderPrune } from '../prune/render.ts'

export default class Prune extends BaseCommand {
  static override summary = 'Remove from a registry what no kept lock needs.'
  static override description =
    'Shows what would go; --yes removes it. Tags that no document names stay, and so does everything that any remaining tag or kept image needs, with its signatures. Blobs are never deleted: the garbage collection of the registry frees them.'
  static override examples = [
    {
      description: 'Show what is left of an old release',
      command: 'gpreg prune registry.internal/gitpod --keep gpreg.lock.json --mirrored old.lock.json',
    },
    {
      description: 'Remove it',
      command: 'gpreg prune registry.internal/gitpod --keep gpreg.lock.json --mirrored old.lock.json --yes',
    },
    {
      description: 'Remove what was last mirrored more than 90 days ago, but leave two names a repository',
      command:
        'gpreg prune registry.internal/gitpod --keep gpreg.lock.json --mirrored 2022.10.json --mirrored 2022.11.json --older-than 90d --keep-last 2 --yes',
    },
  ]
  static override args = {
    target: Args.string({ required: true, description: 'HOST[:PORT]/PREFIX' }),
  }
  static override flags = { ...pruneFlags, ...loginFlags }

  async run() {
    const { args, flags } = await this.parse(Prune)
    const request = await pruneRequest(args.target, flags)
    const { registries, context } = await this.open(flags)
    const result = await pruneTarget(request, registries, context)
    return this.answer(result, renderPrune, exitCodeOfPrune(result))
  }
}

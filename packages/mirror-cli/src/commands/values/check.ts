import { text } from 'node:stream/consumers'
import { readInput } from '@gpreg/core'
import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../../base-command.ts'
import { ExitCode } from '../../exit-codes.ts'
import { defined } from '../../flags/defined.ts'
import { withEnvironment } from '../../flags/environment.ts'
import { renderValuesCheck } from '../../render/values-check.ts'

export default class ValuesCheck extends BaseCommand {
  static override summary = "The installer's own rules and the traps beyond them, before the installer runs."
  static override description =
    'An error is what the installer refuses or panics on, a warning is what breaks after it. Every finding has its line, the reason and the fix. Asks no registry and no cluster. Exits with 4 where there are errors, with --strict also where there are warnings.'
  static override examples = [
    {
      description: 'What is wrong with it',
      command: 'gpreg values check gitpod.config.yaml',
    },
    {
      description: 'In a pipeline, for the release that is installed there',
      command: 'gpreg values check gitpod.config.yaml --release 2022.08.0 --strict',
    },
    {
      description: 'What another command writes',
      command:
        'gpreg values azure --domain gitpod.example.com --registry gitpod.azurecr.io --region westeurope | gpreg values check -',
    },
  ]
  static override args = {
    file: Args.string({ required: true, description: 'gitpod.config.yaml; - is standard input' }),
  }
  static override flags = withEnvironment({
    release: Flags.string({
      helpValue: 'RELEASE',
      description: 'the release of Gitpod that is to be installed; default: the newest',
    }),
    strict: Flags.boolean({ description: 'warnings count as errors do' }),
  })

  async run() {
    const { args, flags } = await this.parse(ValuesCheck)
    const { checkConfig } = await import('@gpreg/values-gen')
    const config = await readInput(args.file, () => text(process.stdin))
    const result = checkConfig(config, { path: args.file, ...defined({ release: flags.release }) })
    const { errors, warnings } = result.totals
    const holds = errors === 0 && (warnings === 0 || !flags.strict)
    return this.answer(result, renderValuesCheck, holds ? ExitCode.done : ExitCode.different)
  }
}

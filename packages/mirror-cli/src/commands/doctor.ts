import { examineRegistry, PURPOSES } from '@gpreg/core'
import { parsePrefix } from '@gpreg/oci/engine'
import { BaseCommand } from '../base-command.ts'
import { exitCodeOfVerdicts } from '../exit-codes.ts'
import { defined } from '../flags/defined.ts'
import { withEnvironment } from '../flags/environment.ts'
import { loginFlags } from '../flags/registries.ts'
import { Args, Flags } from '../oclif.ts'
import { renderDoctor } from '../render/doctor.ts'

const MIB = 1024 * 1024

export default class Doctor extends BaseCommand {
  static override summary = 'Prove what a registry can be used for, with these credentials.'
  static override description =
    'Pushes, pulls, mounts, overwrites and deletes real bytes in PREFIX/gpreg-doctor, as mirroring, nodes and image builds would, and says which purposes the registry can serve and what is in the way. Exits with 4 where a purpose cannot be served.'
  static override examples = [
    { description: 'All purposes', command: 'gpreg doctor registry.internal/gitpod' },
    {
      description: 'Only as a mirror of images, over a thin line',
      command:
        'gpreg doctor 123456789012.dkr.ecr.eu-west-1.amazonaws.com/gitpod --purpose components --purpose workspace-base --large-upload 0',
    },
  ]
  static override args = {
    registry: Args.string({ required: true, description: 'HOST[:PORT]/PREFIX' }),
  }
  static override flags = {
    ...withEnvironment({
      purpose: Flags.option({
        options: PURPOSES,
        multiple: true,
        multipleNonGreedy: true,
        description: 'only answer for this purpose',
      })(),
      'large-upload': Flags.integer({
        helpValue: 'MIB',
        min: 0,
        default: 128,
        description:
          'size of the one large upload, which shows what proxies before the registry take; 0 leaves it out',
      }),
    }),
    ...loginFlags,
  }

  async run() {
    const { args, flags } = await this.parse(Doctor)
    const { registries, context } = await this.open(flags)
    const options = { largeUpload: flags['large-upload'] * MIB, ...defined({ purposes: flags.purpose }) }
    const result = await examineRegistry(parsePrefix(args.registry), registries, options, context)
    return this.answer(result, renderDoctor, exitCodeOfVerdicts(result.purposes))
  }
}

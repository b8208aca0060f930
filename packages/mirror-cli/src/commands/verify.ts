import { verifyImages } from '@gpreg/core'
import { Flags } from '@oclif/core'
import { BaseCommand } from '../base-command.ts'
import { exitCodeOfVerify } from '../exit-codes.ts'
import { copyOptions, platformFlag, referrersFlag } from '../flags/copy.ts'
import { withEnvironment } from '../flags/environment.ts'
import { imageSetFlags } from '../flags/image-set.ts'
import { registryFlags } from '../flags/registries.ts'
import { targetFlags } from '../flags/target.ts'
import { renderVerify } from '../render/verify.ts'

export default class Verify extends BaseCommand {
  static override summary = 'Prove that all images are in the internal registry.'
  static override description =
    'Walks every image under its target name: tag, manifests, configs, layers. With --lock no source is needed, as inside an air gap. Exits with 4 where something is missing or differs.'
  static override usage = '<%= command.id %> IMAGE-SET --to HOST[:PORT]/PREFIX [FLAGS]'
  static override examples = [
    {
      description: 'Against a lock',
      command: 'gpreg verify --lock gpreg.lock.json --to registry.internal/gitpod',
    },
    {
      description: 'Read every byte back and hash it',
      command: 'gpreg verify --lock gpreg.lock.json --to registry.internal/gitpod --deep',
    },
    {
      description: 'Against the sources as they are now',
      command: 'gpreg verify --release release-2022.11.3 --to registry.internal/gitpod --json',
    },
  ]
  static override flags = {
    ...imageSetFlags,
    ...targetFlags,
    ...registryFlags,
    ...platformFlag,
    ...referrersFlag,
    ...withEnvironment({ deep: Flags.boolean({ description: 'read every byte back and hash it' }) }),
  }

  async run() {
    const { flags } = await this.parse(Verify)
    const { set, registries, context } = await this.collect(flags)
    const result = await verifyImages(set, registries, { ...copyOptions(flags), deep: flags.deep }, context)
    return this.answer(result, renderVerify, exitCodeOfVerify(result))
  }
}

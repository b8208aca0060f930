import { verifyBundle } from '@gpreg/core'
import { BaseCommand } from '../../base-command.ts'
import { exitCodeOfBundle } from '../../exit-codes.ts'
import { bundleArgs, keyFlag, readKey } from '../../flags/bundle.ts'
import { eventsFlag } from '../../flags/common.ts'
import { renderBundleVerify } from '../../render/bundle.ts'

export default class BundleVerify extends BaseCommand {
  static override summary = 'Check a bundle before the walk to the other side.'
  static override description =
    'Reads it whole: the signature, every volume, every blob by its digest. Says which file is damaged, what is in it, and what must be sent again. Exits with 4 where something is wrong.'
  static override usage = '<%= command.id %> PATH… [FLAGS]'
  static override strict = false
  static override args = bundleArgs
  static override examples = [
    { description: 'By its base name', command: 'gpreg bundle verify gitpod.tar' },
    {
      description: 'With the key it must be signed with',
      command: 'gpreg bundle verify /media/usb/gitpod.tar.* --key pub.pem',
    },
  ]
  static override flags = { ...keyFlag(), ...eventsFlag }

  async run() {
    const { flags, argv } = await this.parse(BundleVerify)
    const key = await readKey(flags.key)
    const result = await verifyBundle(argv as string[], key, await this.openContext(flags))
    return this.answer(result, renderBundleVerify, exitCodeOfBundle(result))
  }
}

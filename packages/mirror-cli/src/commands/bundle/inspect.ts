import { inspectBundle, openBundle } from '@gpreg/core'
import { BaseCommand } from '../../base-command.ts'
import { bundleArgs, keyFlag, readKey } from '../../flags/bundle.ts'
import { renderInspection } from '../../render/bundle.ts'

export default class BundleInspect extends BaseCommand {
  static override summary = 'Show what is in a bundle.'
  static override description =
    'Lists images, platforms, digests, sizes and signatures, and what the bundle was based on. Its blobs are not read.'
  static override usage = '<%= command.id %> PATH… [FLAGS]'
  static override strict = false
  static override args = bundleArgs
  static override examples = [
    { description: 'As a table', command: 'gpreg bundle inspect gitpod.tar' },
    { description: 'For a script', command: 'gpreg bundle inspect gitpod.tar --json' },
  ]
  static override flags = keyFlag()

  async run() {
    const { flags, argv } = await this.parse(BundleInspect)
    const key = await readKey(flags.key)
    const context = await this.openContext(flags)
    await using bundle = await openBundle(argv as string[], key, context)
    return this.answer(await inspectBundle(bundle, context), renderInspection)
  }
}

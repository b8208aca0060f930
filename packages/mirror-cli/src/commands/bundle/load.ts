import { loadBundle, openBundle, planLoad, receiptOfLoad, verifyBundle, type LoadTarget } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { parsePrefix } from '@gpreg/oci/engine'
import { BaseCommand } from '../../base-command.ts'
import { exitCodeOfBundle, exitCodeOfMirror } from '../../exit-codes.ts'
import { bundleArgs, keyFlag, readKey, receiptFlag } from '../../flags/bundle.ts'
import { copyOptions, rateFlag, repairFlag, untaggedFlag } from '../../flags/copy.ts'
import { withEnvironment } from '../../flags/environment.ts'
import { eventsFlag } from '../../flags/common.ts'
import { registryFlags } from '../../flags/registries.ts'
import { assertCreatable } from '../../output-file.ts'
import { ReceiptFile } from '../../receipt-file.ts'
import { Flags } from '../../oclif.ts'
import { signatureFlags, signaturePolicy } from '../../signatures.ts'
import { renderBundleVerify, renderLoad } from '../../render/bundle.ts'
import { renderError } from '../../render/error.ts'
import { renderPlan } from '../../render/mirror.ts'

export default class BundleLoad extends BaseCommand {
  static override summary = 'Load a bundle into the internal registry.'
  static override description =
    'Reads straight from the tar or the volumes, wherever they lie, and only what the target lacks; nothing is unpacked. Every byte is checked before it counts. After an interruption, run the same command again.'
  static override usage = '<%= command.id %> PATH… --to HOST[:PORT]/PREFIX [FLAGS]'
  static override strict = false
  static override args = bundleArgs
  static override examples = [
    {
      description: 'One tar',
      command: 'gpreg bundle load gitpod-2022.11.3.tar --to registry.internal/gitpod',
    },
    {
      description: 'Volumes from two disks, only if signed with this key',
      command:
        'gpreg bundle load /media/a/gitpod.tar.001 /media/b/gitpod.tar.002 --to registry.internal/gitpod --key pub.pem --receipt receipt.json',
    },
  ]
  static override flags = {
    ...withEnvironment({
      to: Flags.string({
        helpGroup: 'TARGET',
        helpValue: 'HOST[:PORT]/PREFIX',
        description: 'the internal registry, and the path below which images are kept',
      }),
      'to-layout': Flags.string({
        helpGroup: 'TARGET',
        helpValue: 'DIR',
        exclusive: ['to', 'receipt'],
        description: 'unpack into an OCI layout instead',
      }),
    }),
    ...keyFlag(),
    ...signatureFlags,
    ...receiptFlag,
    ...withEnvironment({
      'verify-first': Flags.boolean({
        helpGroup: 'BUNDLE',
        description: 'read and check the whole bundle before anything is sent',
      }),
      'dry-run': Flags.boolean({ helpGroup: 'BUNDLE', description: 'only print the transfer plan' }),
    }),
    ...repairFlag,
    ...untaggedFlag,
    ...rateFlag,
    ...registryFlags,
    ...eventsFlag,
  }

  async run() {
    const { flags, argv } = await this.parse(BundleLoad)
    const paths = argv as string[]
    const target = targetOf(flags)
    const key = await readKey(flags.key)
    const options = { ...copyOptions(flags), ...(await signaturePolicy(flags)) }
    if ('layout' in target) await assertCreatable(target.layout)
    const receipt = await ReceiptFile.open(flags.receipt)
    const { registries, context } = await this.open(flags)
    if (flags['verify-first']) {
      const checked = await verifyBundle(paths, key, context)
      if (checked.problems.length > 0)
        return this.answer(checked, renderBundleVerify, exitCodeOfBundle(checked))
    }
    await using bundle = await openBundle(paths, key, context)
    if (flags['dry-run']) {
      const plan = await planLoad(bundle, target, registries, options, context)
      return this.answer(plan, renderPlan, exitCodeOfMirror(plan))
    }
    const result = await loadBundle(bundle, target, registries, options, context)
    if ('to' in target) await receipt.write(() => receiptOfLoad(bundle, target.to, result, context))
    const exitCode = exitCodeOfMirror(result) || receipt.exitCode
    const answer = this.answer({ ...result, tool: this.tool }, renderLoad, exitCode)
    if (receipt.failure !== undefined) this.say(renderError(receipt.failure))
    return answer
  }
}

/** @throws `usage` */
function targetOf(flags: { to?: string | undefined; 'to-layout'?: string | undefined }): LoadTarget {
  if (flags['to-layout'] !== undefined) return { layout: flags['to-layout'].replace(/(?<=.)\/+$/, '') }
  if (flags.to !== undefined) return { to: parsePrefix(flags.to) }
  throw new GpregError('usage', 'nothing says where the bundle goes', {
    hint: 'name the registry with --to HOST[:PORT]/PREFIX, or a directory with --to-layout DIR',
  })
}

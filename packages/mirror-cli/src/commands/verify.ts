import {
  openBundle,
  receiptOfVerify,
  verifyHoldings,
  imagesOfBundle,
  type VerifyOptions,
  type VerifyResult,
} from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { parsePrefix, type RegistryPrefix } from '@gpreg/oci/engine'
import { BaseCommand } from '../base-command.ts'
import { exitCodeOfVerify } from '../exit-codes.ts'
import { keyFlag, readKey, receiptFlag } from '../flags/bundle.ts'
import { copyOptions, platformFlag, referrersFlag } from '../flags/copy.ts'
import { withEnvironment } from '../flags/environment.ts'
import { eventsFlag } from '../flags/common.ts'
import { imageSetFlags } from '../flags/image-set.ts'
import { registryFlags } from '../flags/registries.ts'
import { metricsFlag } from '../metrics/flag.ts'
import { summariseVerify } from '../metrics/summary.ts'
import { ReceiptFile } from '../receipt-file.ts'
import { signatureFlags, signaturePolicy } from '../signatures.ts'
import { targetFlags } from '../flags/target.ts'
import { Flags, type Interfaces } from '../oclif.ts'
import { renderError } from '../render/error.ts'
import { renderVerify } from '../render/verify.ts'

export default class Verify extends BaseCommand {
  static override summary = 'Prove that all images are in the internal registry.'
  static override description =
    'Walks every image under its target name: tag, manifests, configs, layers. With --lock or --bundle no source is needed, as inside an air gap. Exits with 4 where something is missing or differs.'
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
      description: 'Against a bundle, and note what is there for the next one',
      command: 'gpreg verify --bundle gitpod.tar --to registry.internal/gitpod --receipt receipt.json',
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
    ...signatureFlags,
    ...withEnvironment({
      deep: Flags.boolean({ description: 'read every byte back and hash it' }),
      bundle: Flags.string({
        helpGroup: 'BUNDLE',
        helpValue: 'PATH',
        multiple: true,
        multipleNonGreedy: true,
        exclusive: [...Object.keys(imageSetFlags), 'naming'],
        description: 'what must be there is what this bundle has, named as for bundle load',
      }),
    }),
    ...keyFlag('bundle'),
    ...receiptFlag,
    ...eventsFlag,
    ...metricsFlag,
  }

  async run() {
    const { flags } = await this.parse(Verify)
    const to = flags.to === undefined ? undefined : parsePrefix(flags.to)
    if (to === undefined && (flags.bundle ?? flags.receipt) !== undefined)
      throw new GpregError('usage', 'nothing says which registry is meant', {
        hint: 'name it with --to HOST[:PORT]/PREFIX',
      })
    const options = {
      ...copyOptions(flags),
      ...(await signaturePolicy(flags)),
      deep: flags.deep,
    }
    const metrics = await this.metrics(flags, { command: 'verify', summarise: summariseVerify })
    const receipt = await ReceiptFile.open(flags.receipt)
    const result = await metrics.measure(() => this.#verify(flags, to, options, receipt))
    const exitCode = exitCodeOfVerify(result) || receipt.exitCode
    const answer = this.answer({ ...result, tool: this.tool }, renderVerify, exitCode)
    if (receipt.failure !== undefined) this.say(renderError(receipt.failure))
    return answer
  }

  async #verify(
    flags: VerifyFlags,
    to: RegistryPrefix | undefined,
    options: VerifyOptions,
    receipt: ReceiptFile,
  ): Promise<VerifyResult> {
    const { set, registries, context, originOf } =
      flags.bundle === undefined || to === undefined
        ? { ...(await this.collect(flags)), originOf: () => undefined }
        : await this.#bundled(flags, flags.bundle, to)
    const found = await verifyHoldings(set, registries, options, context)
    if (to !== undefined) await receipt.write(() => receiptOfVerify(to, found, originOf, context))
    return found.result
  }

  /** The image set of a bundle, below `to`. */
  async #bundled(flags: VerifyFlags, paths: string[], to: RegistryPrefix) {
    const world = await this.open(flags)
    await using bundle = await openBundle(paths, await readKey(flags.key), world.context)
    return { ...world, ...(await imagesOfBundle(bundle, to, world.context)) }
  }
}

type VerifyFlags = Interfaces.InferredFlags<typeof Verify.flags> &
  Interfaces.InferredFlags<typeof Verify.baseFlags>

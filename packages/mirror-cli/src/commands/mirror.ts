import { mirrorImages, mirrorServerSide, planMirror } from '@gpreg/core'
import { stateDirectory, unfinishedReferrers } from '@gpreg/oci/engine'
import { Flags } from '@oclif/core'
import { BaseCommand } from '../base-command.ts'
import { exitCodeOfMirror } from '../exit-codes.ts'
import { copyFlags, copyOptions } from '../flags/copy.ts'
import { withEnvironment } from '../flags/environment.ts'
import { eventsFlag } from '../flags/common.ts'
import { imageSetFlags } from '../flags/image-set.ts'
import { registryFlags } from '../flags/registries.ts'
import { shardFlags, shardOf } from '../shard.ts'
import { signatureFlags, signaturePolicy } from '../signatures.ts'
import { targetFlags } from '../flags/target.ts'
import { renderMirror, renderPlan } from '../render/mirror.ts'
import { importerOf, serverSideFlag } from '../server-side.ts'

export default class Mirror extends BaseCommand {
  static override summary = 'Copy all images into one internal registry.'
  static override description =
    'Plans over the whole image set first, so that each blob crosses the line once. What is already there is left alone: after an interruption, run the same command again.'
  static override usage = '<%= command.id %> IMAGE-SET --to HOST[:PORT]/PREFIX [FLAGS]'
  static override examples = [
    {
      description: 'Copy a release',
      command: 'gpreg mirror --release release-2022.11.3 --to registry.internal/gitpod',
    },
    {
      description: 'Only say what would be sent',
      command: 'gpreg mirror --lock gpreg.lock.json --to registry.internal/gitpod --dry-run',
    },
    {
      description: 'Read Docker Hub through a proxy and leave an IDE out',
      command:
        "gpreg mirror --release release-2022.11.3 --to registry.internal/gitpod --source-mirror docker.io=proxy.corp/dockerhub --exclude '*/ide/rider:*'",
    },
    {
      description: 'Send the second of three shares, while two other machines send theirs',
      command: 'gpreg mirror --lock gpreg.lock.json --to registry.internal/gitpod --shard 2/3',
    },
    {
      description: 'Let Azure fetch the images, so that none crosses this line',
      command: 'gpreg mirror --release release-2022.11.3 --to myregistry.azurecr.io/gitpod --server-side',
    },
  ]
  static override flags = {
    ...imageSetFlags,
    ...targetFlags,
    ...registryFlags,
    ...copyFlags,
    ...shardFlags,
    ...serverSideFlag,
    ...signatureFlags,
    ...withEnvironment({ 'dry-run': Flags.boolean({ description: 'only print the transfer plan' }) }),
    ...eventsFlag,
  }

  async run() {
    const { flags } = await this.parse(Mirror)
    const shard = shardOf(flags, process.env)
    const { set, registries, context } = await this.collect(flags)
    const options = { ...copyOptions(flags), ...(shard && { shard }), ...(await signaturePolicy(flags)) }
    if (flags['dry-run']) {
      const plan = await planMirror(set, registries, options, context)
      return this.answer(plan, renderPlan, exitCodeOfMirror(plan))
    }
    const unfinished = unfinishedReferrers(stateDirectory('referrers', process.env), context)
    const importer = await importerOf(flags, set, context)
    const copying = { ...options, unfinished }
    const result = importer
      ? await mirrorServerSide(set, registries, { ...copying, importer }, context)
      : await mirrorImages(set, registries, copying, context)
    return this.answer({ ...result, tool: this.tool }, renderMirror, exitCodeOfMirror(result))
  }
}

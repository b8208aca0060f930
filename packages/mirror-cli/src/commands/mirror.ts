import {
  mirrorImages,
  mirrorServerSide,
  planMirror,
  type MirrorOptions,
  type MirrorResult,
} from '@gpreg/core'
import { SettledImages, stateDirectory, unfinishedReferrers } from '@gpreg/oci/engine'
import type { World } from '../composition.ts'
import { exitCodeOfMirror } from '../exit-codes.ts'
import { copyFlags, copyOptions } from '../flags/copy.ts'
import { withEnvironment } from '../flags/environment.ts'
import { eventsFlag } from '../flags/common.ts'
import { imageSetFlags } from '../flags/image-set.ts'
import { registryFlags } from '../flags/registries.ts'
import { metricsFlag } from '../metrics/flag.ts'
import { summariseMirror } from '../metrics/summary.ts'
import { shardFlags, shardOf } from '../shard.ts'
import { signatureFlags, signaturePolicy } from '../signatures.ts'
import { targetFlags } from '../flags/target.ts'
import { Flags, type Interfaces } from '../oclif.ts'
import { renderMirror, renderPlan } from '../render/mirror.ts'
import { importerOf, serverSideFlag } from '../server-side.ts'
import { watchFlag, watchInterval } from '../watch/flag.ts'
import { WatchCommand } from '../watch/watch-command.ts'

export default class Mirror extends WatchCommand {
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
      description: 'Keep moving tags current, and leave the outcome of each round for node_exporter',
      command:
        'gpreg mirror --images nightly.txt --to registry.internal/gitpod --watch 15m --metrics /var/lib/node_exporter/gpreg.prom',
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
    ...watchFlag,
    ...eventsFlag,
    ...metricsFlag,
  }

  async run() {
    const { flags } = await this.parse(Mirror)
    const shard = shardOf(flags, process.env)
    const interval = watchInterval(flags)
    const options = { ...copyOptions(flags), ...(shard && { shard }), ...(await signaturePolicy(flags)) }
    if (flags['dry-run']) {
      const { set, registries, context } = await this.collect(flags)
      const plan = await planMirror(set, registries, options, context)
      return this.answer(plan, renderPlan, exitCodeOfMirror(plan))
    }
    const metrics = await this.metrics(flags, { command: 'mirror', summarise: summariseMirror })
    const world = await this.open(flags)
    const unfinished = unfinishedReferrers(stateDirectory('referrers', process.env), world.context)
    const settled = interval === undefined ? undefined : new SettledImages(world.context)
    const copying = { ...options, unfinished, ...(settled && { settled }) }
    const mirror = (world: World) => metrics.measure(() => this.#mirror(flags, copying, world))
    if (interval !== undefined) return this.keepCurrent(interval, world, mirror)
    const result = await mirror(world)
    return this.answer(result, renderMirror, exitCodeOfMirror(result))
  }

  async #mirror(flags: MirrorFlags, options: MirrorOptions, world: World): Promise<MirrorResult> {
    const { set, registries, context } = await this.collect(flags, world)
    const importer = await importerOf(flags, set, context)
    const result = importer
      ? await mirrorServerSide(set, registries, { ...options, importer }, context)
      : await mirrorImages(set, registries, options, context)
    return { ...result, tool: this.tool }
  }
}

type MirrorFlags = Interfaces.InferredFlags<typeof Mirror.flags> &
  Interfaces.InferredFlags<typeof Mirror.baseFlags>

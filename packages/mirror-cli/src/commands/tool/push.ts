import { mirrorImages, planMirror, type ImageSet, type MirrorPlan, type MirrorResult } from '@gpreg/core'
import { parseReference } from '@gpreg/oci'
import { formatPrefix, parsePrefix } from '@gpreg/oci/engine'
import { BaseCommand } from '../../base-command.ts'
import { exitCodeOfMirror } from '../../exit-codes.ts'
import { copyOptions, rateFlag } from '../../flags/copy.ts'
import { withEnvironment } from '../../flags/environment.ts'
import { registryFlags } from '../../flags/registries.ts'
import { Flags } from '../../oclif.ts'
import { IMAGE_NAME, toolImageFlags } from '../../tool/image/flags.ts'
import { renderPlan } from '../../render/mirror.ts'
import { renderToolPush } from '../../tool/image/render.ts'
import type { ToolImage } from '../../tool/image/tool-image.ts'

export default class ToolPush extends BaseCommand {
  static override summary = "Put gpreg's own image into a registry."
  static override description =
    'Makes an image of this gpreg and its Node, without Docker, and sends it to PREFIX/gpreg. The image runs as user 65532 and has no shell. The same gpreg, Node and libraries make the same digest, and what the registry has is not sent again.'
  static override examples = [
    {
      description: 'From a machine that runs the same kind of Linux as the cluster',
      command: 'gpreg tool push --to registry.internal/gitpod',
    },
    {
      description: 'For two platforms, on an image of your choice',
      command:
        'gpreg tool push --to registry.internal/gitpod --base gcr.io/distroless/cc-debian12 --node node-v24-linux-arm64/bin/node',
    },
  ]
  static override flags = {
    ...withEnvironment({
      to: Flags.string({
        helpGroup: 'TARGET',
        required: true,
        helpValue: 'HOST[:PORT]/PREFIX',
        description: 'the registry, and the path below which the image is called gpreg',
      }),
      tag: Flags.string({
        helpGroup: 'TARGET',
        helpValue: 'TAG',
        description: 'default: the version of gpreg',
      }),
    }),
    ...toolImageFlags(),
    ...registryFlags,
    ...rateFlag,
    ...withEnvironment({ 'dry-run': Flags.boolean({ description: 'only print what would be sent' }) }),
  }

  async run(): Promise<(MirrorPlan | MirrorResult) & Pick<ToolImage, 'platforms'>> {
    const { flags } = await this.parse(ToolPush)
    const { tag = this.config.version, to } = flags
    const target = parseReference(`${formatPrefix(parsePrefix(to))}/${IMAGE_NAME}:${tag}`)
    const world = await this.open(flags)
    const { registries, context } = world
    const { makeToolImage } = await import('../../tool/image/make-tool-image.ts')
    await using image = await makeToolImage(flags, this.config, world)
    const { source, place, origin, platforms } = image
    const entry = { source, place, target, purpose: 'components' as const, origins: [origin] }
    const set: ImageSet = { images: [entry], excluded: [] }
    const options = { ...copyOptions(flags), referrers: false }
    if (flags['dry-run']) {
      const plan = await planMirror(set, registries, options, context)
      return this.answer({ ...plan, platforms }, renderPlan, exitCodeOfMirror(plan))
    }
    const result = await mirrorImages(set, registries, options, context)
    return this.answer({ ...result, platforms }, renderToolPush, exitCodeOfMirror(result))
  }
}

import { rewriteFiles } from '@gpreg/core'
import { BaseCommand } from '../base-command.ts'
import { withEnvironment } from '../flags/environment.ts'
import { imageSetFlags } from '../flags/image-set.ts'
import { registryFlags } from '../flags/registries.ts'
import { targetFlags } from '../flags/target.ts'
import { Flags } from '../oclif.ts'
import { IMAGE_SET_FORMATS, imageSetDocument, renderImageSet } from '../render/image-set.ts'

export default class Images extends BaseCommand {
  static override summary = 'List the images that an installation needs.'
  static override description =
    'Says of every image where it comes from, what it is called in the internal registry, and what it is needed for. Copies nothing.'
  static override usage = '<%= command.id %> IMAGE-SET [--to HOST[:PORT]/PREFIX] [FLAGS]'
  static override examples = [
    {
      description: 'What a release needs',
      command: 'gpreg images --release release-2022.11.3 --to registry.internal/gitpod',
    },
    {
      description: 'The list that gitpod-installer mirror list would print, from a versions manifest on disk',
      command:
        'gpreg images --versions versions.yaml --catalogue 2022.11.3 --to registry.internal/gitpod --format installer',
    },
    {
      description: 'Which lines of repositories must name the mirror, written into them',
      command: 'gpreg images --workspace-repo ./repositories --to registry.internal/gitpod --rewrite',
    },
    {
      description: 'What the rendered manifests name, and where they name it',
      command: 'gitpod-installer render --config gitpod.config.yaml | gpreg images --manifests - --why',
    },
  ]
  static override flags = {
    ...imageSetFlags,
    ...targetFlags,
    ...registryFlags,
    ...withEnvironment({
      format: Flags.option({
        options: IMAGE_SET_FORMATS,
        default: 'table' as const,
        description:
          'a table; a list for gitpod-installer, hauler or skopeo sync; a reference a line; or the document of --json',
      })(),
      why: Flags.boolean({ description: 'show in the table where each image is named' }),
      rewrite: Flags.boolean({
        description:
          'write the names of the mirror into the files of --workspace-repo; if git could not undo that, print a diff instead',
        dependsOn: ['workspace-repo'],
        relationships: [{ type: 'some', flags: ['to', 'config'] }],
      }),
    }),
  }

  async run() {
    const { flags } = await this.parse(Images)
    const { set, context } = await this.discover(flags)
    const rewritten = flags.rewrite ? await rewriteFiles(set.rewrites ?? []) : undefined
    const text = await renderImageSet(set, flags.format, context, { ...flags, rewritten })
    this.answer(set, () => text)
    return imageSetDocument(set, rewritten)
  }
}

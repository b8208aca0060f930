import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { collectBundleSet, planSave, saveBundle, type SaveOptions, type SidecarFile } from '@gpreg/core'
import { BaseCommand } from '../../base-command.ts'
import type { World } from '../../composition.ts'
import { exitCodeOfMirror } from '../../exit-codes.ts'
import { parseOutput, readKey, readReceipt } from '../../flags/bundle.ts'
import { copyOptions, foreignFlag, platformFlag, rateFlag, referrersFlag } from '../../flags/copy.ts'
import { defined } from '../../flags/defined.ts'
import { withEnvironment } from '../../flags/environment.ts'
import { eventsFlag } from '../../flags/common.ts'
import { imageSetFlags, imageSetRequest } from '../../flags/image-set.ts'
import { registryFlags } from '../../flags/registries.ts'
import { assertCreatable } from '../../output-file.ts'
import { signatureFlags, signaturePolicy } from '../../signatures.ts'
import { namingFlag } from '../../flags/target.ts'
import { Flags } from '../../oclif.ts'
import { toolImageFlags, type ToolImageFlags } from '../../tool/image/flags.ts'
import { renderSave } from '../../render/bundle.ts'
import { renderPlan } from '../../render/mirror.ts'
import type { ToolImage } from '../../tool/image/tool-image.ts'

const helpGroup = 'BUNDLE'

export default class BundleSave extends BaseCommand {
  static override summary = 'Save all images into a bundle that can be carried.'
  static override description =
    'Writes an OCI image layout and its lock as one tar, as volumes or as a directory; the same lock makes the same bytes. The bundle has its name only once it is whole: after an interruption, run the same command again.'
  static override usage = '<%= command.id %> IMAGE-SET -o PATH [FLAGS]'
  static override examples = [
    {
      description: 'One tar',
      command: 'gpreg bundle save --release release-2022.11.3 -o gitpod-2022.11.3.tar',
    },
    {
      description: 'Volumes for DVDs, signed',
      command:
        'gpreg bundle save --lock gpreg.lock.json -o gitpod.tar --volume-size 4.7GB --sign-key key.pem',
    },
    {
      description: 'Only what the other side does not hold yet',
      command: 'gpreg bundle save --release release-2022.11.3 --since receipt.json -o update.tar',
    },
  ]
  static override flags = {
    ...imageSetFlags,
    ...namingFlag,
    ...registryFlags,
    ...platformFlag,
    ...referrersFlag,
    ...signatureFlags,
    ...foreignFlag,
    ...rateFlag,
    ...toolImageFlags('include-image'),
    ...withEnvironment({
      output: Flags.string({
        char: 'o',
        required: true,
        helpGroup,
        helpValue: 'PATH',
        description: 'NAME.tar is one tar, DIR/ a directory, any name with --volume-size volumes NAME.001, …',
      }),
      'volume-size': Flags.string({
        helpGroup,
        helpValue: 'SIZE',
        description: 'cut the tar into volumes of this size, e.g. 4GB',
      }),
      since: Flags.string({
        helpGroup,
        helpValue: 'RECEIPT',
        description: 'leave out what the target holds by this receipt',
      }),
      'sign-key': Flags.string({
        helpGroup,
        helpValue: 'KEY.pem',
        description: 'sign with this private key (ECDSA P-256, PEM), as openssl dgst -sha256 -sign does',
      }),
      'include-tool': Flags.boolean({
        helpGroup,
        description: 'put gpreg and its Node beside the bundle, for a machine that has neither',
      }),
      'include-image': Flags.boolean({
        helpGroup,
        description:
          "put gpreg's own image into the bundle, as gpreg:VERSION, for the cluster behind the gap",
      }),
      'dry-run': Flags.boolean({ helpGroup, description: 'only print the plan, and the disk it needs' }),
    }),
    ...eventsFlag,
  }

  async run() {
    const { flags } = await this.parse(BundleSave)
    const options: SaveOptions = {
      ...copyOptions(flags),
      ...(await signaturePolicy(flags)),
      ...parseOutput(flags.output, flags['volume-size'], await isDirectory(flags.output)),
      ...defined({ since: await readReceipt(flags.since), sign: await readKey(flags['sign-key'], 'sign') }),
      tool: this.tool,
      ...(flags['include-tool'] ? { beside: this.#writeTool } : {}),
    }
    await assertCreatable(flags.output)
    const world = await this.open(flags)
    const { registries, context } = world
    await using image = flags['include-image'] ? await this.#makeImage(flags, world) : undefined
    const request = { ...imageSetRequest({ ...flags, to: undefined }), ...defined({ made: image }) }
    const set = await collectBundleSet(request, world)
    this.sayExcluded(set, flags)
    if (flags['dry-run']) {
      const plan = await planSave(set, registries, options, context)
      return this.answer(plan, renderPlan, exitCodeOfMirror(plan))
    }
    const result = await saveBundle(set, registries, options, context)
    const [tool] = result.beside
    return this.answer(
      { ...result, ...(tool === undefined ? {} : { tool: tool.name }) },
      renderSave,
      exitCodeOfMirror(result),
    )
  }

  async #makeImage(flags: Partial<ToolImageFlags>, world: World): Promise<ToolImage> {
    const { makeToolImage } = await import('../../tool/image/make-tool-image.ts')
    return makeToolImage(flags, this.config, world)
  }

  readonly #writeTool = async (directory: string): Promise<SidecarFile> => {
    const { toolArchiveName, writeToolArchive } = await import('../../tool/tool-archive.ts')
    const name = toolArchiveName(this.config.version)
    const options = { root: this.config.root, modified: new Date(0) }
    return { name, ...(await writeToolArchive(join(directory, name), options)) }
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    info => info.isDirectory(),
    () => false,
  )
}

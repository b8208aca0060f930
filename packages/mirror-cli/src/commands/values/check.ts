import { pulledImages, readInputBytes, verifyImages } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { decodeText } from '@gpreg/oci/engine'
import type { Finding } from '@gpreg/values-gen'
import { BaseCommand } from '../../base-command.ts'
import { ExitCode } from '../../exit-codes.ts'
import { defined } from '../../flags/defined.ts'
import { withEnvironment } from '../../flags/environment.ts'
import { imageSetArguments } from '../../flags/image-set-arguments.ts'
import { imageSetFlags } from '../../flags/image-set.ts'
import { registryFlags } from '../../flags/registries.ts'
import { Args, Flags, type Interfaces } from '../../oclif.ts'
import { renderValuesCheck } from '../../render/values-check.ts'
import { standardInputBytes } from '../../standard-input.ts'

const STDIN = '-'
const { release: _, config: __, purpose: ___, ...imageFlags } = imageSetFlags

export default class ValuesCheck extends BaseCommand {
  static override summary = "The installer's own rules and the traps beyond them, before the installer runs."
  static override description =
    'An error is what the installer refuses or panics on, a warning is what breaks after it. Every finding has its line, the reason and the fix. Exits with 4 where there are errors, with --strict also where there are warnings. With --mirror-check it also asks the registry that the configuration names whether every image is there that the cluster will pull with this configuration (MySQL in the cluster, for example, only where database.inCluster is true), out of those of --lock, --versions, --images or --manifests, else of --release, which is read from where Gitpod publishes it.'
  static override examples = [
    {
      description: 'What is wrong with it',
      command: 'gpreg values check gitpod.config.yaml',
    },
    {
      description: 'In a pipeline, for the release that is installed there',
      command: 'gpreg values check gitpod.config.yaml --release 2022.08.0 --strict',
    },
    {
      description: 'Inside an air gap, against the registry',
      command: 'gpreg values check gitpod.config.yaml --mirror-check --lock gpreg.lock.json',
    },
    {
      description: 'What another command writes',
      command:
        'gpreg values azure --domain gitpod.example.com --registry gitpod.azurecr.io --region westeurope | gpreg values check -',
    },
  ]
  static override args = {
    file: Args.string({
      required: true,
      description: 'gitpod.config.yaml, KOTS ConfigValues or Kubernetes Secrets; - is standard input',
    }),
  }
  static override flags = {
    ...withEnvironment({
      release: Flags.string({
        helpValue: 'RELEASE',
        description: 'the release of Gitpod that is to be installed; default: the newest',
      }),
      strict: Flags.boolean({ description: 'warnings count as errors do' }),
      'mirror-check': Flags.boolean({
        description: 'ask the registry for every image that this configuration will make the cluster pull',
      }),
    }),
    ...imageFlags,
    ...registryFlags,
  }

  async run() {
    const { args, flags } = await this.parse(ValuesCheck)
    const { checkFile, checkResult } = await import('@gpreg/values-gen')
    const idle = imageSetArguments({ ...flags, release: undefined })
    if (idle !== undefined && !flags['mirror-check'])
      throw new GpregError('usage', `only --mirror-check looks at images, so ${idle} does nothing`, {
        hint: 'add --mirror-check, which asks the registry of the configuration for them',
      })
    const config = await readInputBytes(args.file, standardInputBytes(this.signal))
    const file = checkFile(config, { path: args.file, ...defined({ release: flags.release }) })
    const images = flags['mirror-check'] ? await this.#missing(args.file, config, flags) : []
    const result = checkResult(args.file, file.release, [...file.findings, ...images])
    const { errors, warnings } = result.totals
    const holds = errors === 0 && (warnings === 0 || !flags.strict)
    return this.answer(result, renderValuesCheck, holds ? ExitCode.done : ExitCode.different)
  }

  /** Findings about the images that the cluster will pull, but that the configured registry lacks. */
  async #missing(file: string, config: Uint8Array, flags: CheckFlags): Promise<Finding[]> {
    if (file === STDIN) {
      throw new GpregError('usage', '--mirror-check wants the configuration in a file', {
        hint: 'write it to a file first',
      })
    }
    const text = decodeText(config)
    if (/^\s*"?kind"?:\s*["']?(?:ConfigValues|Secret|List)\b/m.test(text)) {
      throw new GpregError('usage', '--mirror-check wants a gitpod.config.yaml', {
        hint: 'name the configuration that the installer renders',
      })
    }
    const { imageFindings } = await import('@gpreg/values-gen')
    const named = [flags.lock, flags.versions, flags.images, flags.manifests].some(flag => flag !== undefined)
    // Where the images are named, --release only says whose rules apply. Its list would be read from outside the air gap.
    const release = named ? undefined : releaseTag(flags.release)
    const { set, registries, context } = await this.collect({
      ...flags,
      release,
      config: file,
      to: undefined,
      naming: undefined,
      purpose: undefined,
    })
    const pulled = { ...set, images: pulledImages(set.images, text, file) }
    // The sources are not asked, because inside an air gap they cannot be reached. The cluster only needs whole images.
    const { images } = await verifyImages(pulled, registries, { askSource: false }, context)
    return imageFindings(config, images)
  }
}

type CheckFlags = Interfaces.InferredFlags<typeof ValuesCheck.flags & typeof ValuesCheck.baseFlags>

/** The tag that Gitpod publishes, such as `release-2022.11.3`. Users may leave out `release-`. */
function releaseTag(release: string | undefined): string {
  if (release !== undefined) return /^\d/.test(release) ? `release-${release}` : release
  throw new GpregError('usage', '--mirror-check does not know which images belong to the release', {
    hint: 'name them with --lock gpreg.lock.json, --versions FILE or --images FILE, or the release with --release',
  })
}

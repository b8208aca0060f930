import { readInput, readText } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { formatPrefix, parsePrefix } from '@gpreg/oci/engine'
import { BaseCommand } from '../base-command.ts'
import { defined } from '../flags/defined.ts'
import { withEnvironment } from '../flags/environment.ts'
import { imageSetFlags } from '../flags/image-set.ts'
import { imageSetArguments } from '../flags/image-set-arguments.ts'
import { registriesOptions, registryFlags } from '../flags/registries.ts'
import { Flags, type Interfaces } from '../oclif.ts'
import { writeOutputDirectory } from '../output-directory.ts'
import { nodeConfigDocument, renderNodeContents, renderNodeFiles } from '../render/node-config.ts'
import { standardInput } from '../standard-input.ts'

const STDOUT = '-'

export default class NodeConfig extends BaseCommand {
  static override summary = 'Let nodes pull images by their original names from the internal registry.'
  static override description =
    'Writes hosts.toml for containerd and registries.yaml for k3s, for every host that the images are named by. Without an image set: for the hosts of all known releases. The images must have been mirrored with --naming source. Asks no registry but for a release.'
  static override usage = '<%= command.id %> [IMAGE-SET] --to HOST[:PORT]/PREFIX -o DIR [FLAGS]'
  static override examples = [
    {
      description: 'For everything that Gitpod releases pull, from a registry with a private authority',
      command: 'gpreg node-config --to registry.internal/gitpod --ca-file ca.pem -o nodes/',
    },
    {
      description: 'For the images of a list, with the login that k3s uses',
      command:
        'gpreg node-config --images images.txt --to registry.internal/gitpod --credentials login.json -o nodes/',
    },
    {
      description: 'Only look',
      command: 'gpreg node-config --to registry.internal/gitpod -o -',
    },
  ]
  static override flags = {
    ...imageSetFlags,
    ...registryFlags,
    ...withEnvironment({
      to: Flags.string({
        required: true,
        helpValue: 'HOST[:PORT]/PREFIX',
        description: 'the internal registry, and the path below which images are kept',
      }),
      output: Flags.string({
        char: 'o',
        helpValue: 'DIR|-',
        description: 'directory that the files go to; - is stdout, also where they hold a secret',
      }),
      force: Flags.boolean({ description: 'overwrite files that say something else' }),
      credentials: Flags.string({
        helpValue: 'FILE|-',
        description:
          'login for k3s nodes, into registries.yaml (mode 0600): docker config.json, or {"username","password"}',
      }),
    }),
  }

  async run() {
    const { flags } = await this.parse(NodeConfig)
    const { output, credentials } = flags
    if (credentials !== undefined && output === undefined)
      throw new GpregError('usage', 'registries.yaml will hold a login', {
        hint: 'name a directory with -o DIR, where its mode is 0600; -o - if stdout is meant',
      })
    const to = parsePrefix(flags.to)
    const { nodeConfig, parseLogin } = await import('@gpreg/values-gen')
    const { sources, stdin } = await this.#sources(flags)
    const login =
      credentials === undefined
        ? undefined
        : parseLogin(await readInput(credentials, stdin), formatPrefix(to), credentials)
    const config = nodeConfig({
      to,
      sources,
      ...(await reach(flags, to.host)),
      ...defined({ login, imageSet: imageSetArguments(flags) }),
    })
    const directory = output === STDOUT ? undefined : output
    if (directory !== undefined) await writeOutputDirectory(directory, config.files, flags)
    if (!flags.quiet && !this.jsonEnabled()) for (const note of config.notes) this.say(`note: ${note}`)
    const document = nodeConfigDocument(config, { ...defined({ directory }), secrets: output === STDOUT })
    return this.answer(document, () =>
      directory === undefined ? renderNodeContents(config) : renderNodeFiles(config),
    )
  }

  async #sources(flags: NodeConfigFlags) {
    if (imageSetArguments(flags) === undefined) {
      const { knownSourceHosts } = await import('@gpreg/values-gen')
      return { sources: knownSourceHosts(), stdin: standardInput(this.signal) }
    }
    // With the naming `source`, two hosts that have an image of the same path are refused here, as when the images are mirrored.
    const { set, stdin } = await this.discover({ ...flags, naming: ['source'] })
    return { sources: set.images.map(({ source }) => source.host), stdin }
  }
}

type NodeConfigFlags = Interfaces.InferredFlags<typeof NodeConfig.flags & typeof NodeConfig.baseFlags>

/** The settings with which nodes reach the mirror: the same that the flags give to gpreg. */
async function reach(flags: NodeConfigFlags, host: string) {
  const { caFiles = [], plainHttp = [], insecureSkipTlsVerify = [] } = registriesOptions(flags)
  const files = caFiles.filter(ca => ca.host === undefined || ca.host === host).map(({ file }) => file)
  const ca = await Promise.all(files.map(readText))
  return {
    plainHttp: plainHttp.includes(host),
    skipVerify: insecureSkipTlsVerify.includes(host),
    ...(ca.length > 0 ? { ca: ca.join('\n') } : {}),
  }
}

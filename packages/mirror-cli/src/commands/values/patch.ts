import { GpregError } from '@gpreg/oci'
import {
  decodeText,
  encodeLike,
  formatPrefix,
  parsePrefix,
  SECRET_MODE,
  writeOutputFile,
} from '@gpreg/oci/engine'
import { BaseCommand } from '../../base-command.ts'
import { withEnvironment } from '../../flags/environment.ts'
import { Args, Flags } from '../../oclif.ts'
import { standardInputBytes } from '../../standard-input.ts'

const STDOUT = '-'

export default class ValuesPatch extends BaseCommand {
  static override summary = "Add the mirror to the in-cluster registry's Secret in rendered manifests."
  static override description =
    'registry-facade and blobserve pull with one docker config. With the in-cluster registry that is builtin-registry-auth, which the installer makes anew with each render, for this registry alone: without this they cannot pull from a mirror that wants a login. Nothing else in the manifests changes.'
  static override examples = [
    {
      description: 'Between rendering and applying',
      command:
        'gitpod-installer render -c gitpod.config.yaml | gpreg values patch - --mirror registry.internal/gitpod --mirror-credentials pull.json -o rendered.yaml',
    },
    {
      description: 'On the way to the cluster',
      command:
        'gitpod-installer render -c gitpod.config.yaml | gpreg values patch - --mirror registry.internal/gitpod --mirror-credentials pull.json -o - | kubectl apply -f -',
    },
  ]
  static override args = {
    file: Args.string({ required: true, description: 'rendered manifests; - is standard input' }),
  }
  static override flags = withEnvironment({
    mirror: Flags.string({ required: true, helpValue: 'HOST/PREFIX', description: 'the mirror' }),
    'mirror-credentials': Flags.string({
      required: true,
      helpValue: 'FILE|-',
      description: 'login that can pull from it: docker config.json, or {"username","password"}',
    }),
    output: Flags.string({
      char: 'o',
      required: true,
      helpValue: 'FILE|-',
      description: 'where the manifests go (mode 0600: they hold Secrets); - is stdout',
    }),
  })

  async run() {
    const { args, flags } = await this.parse(ValuesPatch)
    const { patchBuiltinRegistryAuth } = await import('@gpreg/values-gen')
    const { ValuesInputs } = await import('../../values/inputs.ts')
    const inputs = new ValuesInputs(standardInputBytes(this.signal))
    const mirror = parsePrefix(flags.mirror)
    const { host } = mirror
    const login = await inputs.login(flags['mirror-credentials'], formatPrefix(mirror))
    if (login === undefined) throw new GpregError('usage', 'no login for the mirror')
    const file = await inputs.bytes(args.file)
    const text = decodeText(file)
    if (!Buffer.from(file).equals(encodeLike(text, file)))
      throw new GpregError('input-invalid', `${args.file} is no text in UTF-8 or UTF-16`, {
        path: args.file,
        hint: 'give the manifests as gitpod-installer render writes them',
      })
    const { yaml, changed } = patchBuiltinRegistryAuth(text, host, login)
    const patched = encodeLike(yaml.reveal(), file)
    if (flags.output !== STDOUT) await writeOutputFile(flags.output, patched, SECRET_MODE)
    else if (!this.jsonEnabled()) await new Promise<void>(done => process.stdout.write(patched, () => done()))
    const document = { kind: 'ValuesPatch', version: 1, host, changed } as const
    const outcome = changed === 0 ? `${host} was there already` : `${host} added`
    return this.answer(document, () => (flags.output === STDOUT ? '' : `${flags.output}: ${outcome}`))
  }
}

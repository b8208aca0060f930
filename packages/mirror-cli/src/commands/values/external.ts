import { defined } from '../../flags/defined.ts'
import { withEnvironment } from '../../flags/environment.ts'
import { valuesFlags } from '../../flags/values.ts'
import { Flags } from '../../oclif.ts'
import { ValuesCommand } from '../../values/values-command.ts'

export default class ValuesExternal extends ValuesCommand {
  static override summary = 'Configuration for a registry that is there already.'
  static override description =
    'Workspace images go to any registry that takes pushes and creates repositories. With --single-registry it serves the other two purposes as well: one registry for all, as inside an air gap.'
  static override examples = [
    {
      description: 'One registry for all, with a private authority',
      command:
        'gpreg values external --single-registry --domain gitpod.example.com --registry registry.internal/gitpod --registry-credentials push.json --mirror-credentials pull.json --ca-file ca.pem --secrets secrets -o gitpod.config.yaml',
    },
    {
      description: 'What would change in an existing configuration',
      command:
        'gpreg values external --registry registry.internal/workspaces --base gitpod.config.yaml --diff',
    },
  ]
  static override flags = {
    ...withEnvironment({
      registry: Flags.string({
        helpValue: 'HOST[:PORT][/PATH]',
        description: 'where workspace images are pushed to; default with --single-registry: --mirror',
      }),
      'registry-credentials': Flags.string({
        helpValue: 'FILE|-',
        description: 'login that can push: docker config.json, or {"username","password"}',
      }),
    }),
    ...valuesFlags,
  }

  async run() {
    const { flags } = await this.parse(ValuesExternal)
    return this.generate(flags, async inputs => ({
      choice: { kind: 'external', ...defined({ registry: flags.registry }) },
      values: defined({
        registry: await inputs.login(flags['registry-credentials'], flags.registry ?? flags.mirror),
      }),
    }))
  }
}

import { defined } from '../../flags/defined.ts'
import { withEnvironment } from '../../flags/environment.ts'
import { valuesFlags } from '../../flags/values.ts'
import { Flags } from '../../oclif.ts'
import { ValuesCommand } from '../../values/values-command.ts'

export default class ValuesAzure extends ValuesCommand {
  static override summary = 'Configuration for Azure: a container registry, and a storage account.'
  static override description =
    'Workspace images go to an Azure Container Registry with its admin user, backups to a storage account.'
  static override examples = [
    {
      description: 'From what Azure shows of them',
      command:
        'gpreg values azure --domain gitpod.example.com --registry gitpod1234.azurecr.io --region westeurope --registry-credentials acr.json --storage-account gitpod1234 --storage-key-file storage.key --secrets secrets -o gitpod.config.yaml',
    },
    {
      description: "From the outputs of Gitpod's Terraform module",
      command: 'terraform output -json | gpreg values azure --from-terraform - --secrets secrets',
    },
  ]
  static override flags = {
    ...withEnvironment({
      registry: Flags.string({ helpValue: 'LOGIN-SERVER', description: 'login server of the registry' }),
      region: Flags.string({ helpValue: 'REGION', description: 'region of the object storage' }),
      'registry-credentials': Flags.string({
        helpValue: 'FILE|-',
        description: 'docker config.json, or {"username","password"}',
      }),
      'storage-account': Flags.string({ helpValue: 'NAME', description: 'storage account' }),
      'storage-key-file': Flags.string({
        helpValue: 'FILE|-',
        dependsOn: ['storage-account'],
        description: 'file with its access key',
      }),
    }),
    ...valuesFlags,
  }

  async run() {
    const { flags } = await this.parse(ValuesAzure)
    return this.generate(flags, async inputs => ({
      choice: { kind: 'azure', ...defined({ registry: flags.registry, region: flags.region }) },
      values: defined({
        registry: await inputs.login(flags['registry-credentials'], flags.registry),
        storage: await inputs.storageAccount(flags['storage-account'], flags['storage-key-file']),
      }),
    }))
  }
}

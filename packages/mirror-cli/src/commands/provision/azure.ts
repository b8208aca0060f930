import { loadAzure } from '../../clouds.ts'
import { defined } from '../../flags/defined.ts'
import { withEnvironment } from '../../flags/environment.ts'
import { provisionFlags } from '../../flags/provision.ts'
import { loginFlags, registriesOptions } from '../../flags/registries.ts'
import { Flags } from '../../oclif.ts'
import { probeWith } from '../../provision/probe.ts'
import { ProvisionCommand } from '../../provision/provision-command.ts'

export default class ProvisionAzure extends ProvisionCommand {
  static override summary = 'Prepare an Azure Container Registry for workspace images.'
  static override description =
    'Makes a registry with its admin login enabled, or takes one that is there without resetting anything; then pushes and pulls with that login. Credentials are found as the Azure SDK finds them: environment, workload identity, az login.'
  static override examples = [
    {
      description: 'See what would be done',
      command:
        'gpreg provision azure --subscription 00000000-0000-0000-0000-000000000000 --resource-group gitpod --location westeurope --dry-run',
    },
    {
      description: 'Take a registry that is there',
      command:
        'gpreg provision azure --subscription ID --resource-group gitpod --location westeurope --name myregistry --secrets-file acr.json',
    },
  ]
  static override flags = {
    ...withEnvironment({
      subscription: Flags.string({ required: true, helpValue: 'ID', description: 'the subscription' }),
      'resource-group': Flags.string({
        required: true,
        helpValue: 'NAME',
        description: 'a resource group that is there',
      }),
      location: Flags.string({ required: true, helpValue: 'REGION', description: 'such as westeurope' }),
      name: Flags.string({
        helpValue: 'NAME',
        description: 'a registry that is there, or is to be; default: gitpod and 8 digits of a hash',
      }),
      sku: Flags.option({
        options: ['Basic', 'Standard', 'Premium'] as const,
        default: 'Premium' as const,
        description: 'of a registry that is made',
      })(),
      cloud: Flags.option({
        options: ['public', 'usgov', 'china'] as const,
        default: 'public' as const,
        description: 'which Azure',
      })(),
      'resource-manager': Flags.string({
        helpValue: 'URL',
        description: 'Azure Resource Manager of a cloud of its own, such as Azure Stack',
      }),
    }),
    ...provisionFlags,
    ...loginFlags,
  }

  async run() {
    const { flags } = await this.parse(ProvisionAzure)
    const { subscription: subscriptionId, installation, location, sku, rotate, cloud, name } = flags
    const { createAzureClients, createAzureProvider } = await loadAzure()
    const resourceManager = flags['resource-manager']
    return this.provision(flags, {
      needsSecretsFile: false,
      open: async vault =>
        createAzureProvider({
          subscriptionId,
          resourceGroup: flags['resource-group'],
          installation,
          location,
          sku,
          rotate,
          vault,
          clients: await createAzureClients({ subscriptionId, cloud, ...defined({ resourceManager }) }),
          probe: probeWith(registriesOptions(flags)),
          ...defined({ name }),
        }),
    })
  }
}

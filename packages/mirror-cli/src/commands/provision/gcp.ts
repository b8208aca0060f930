import { parseServiceAccountKey, readText } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { loadGcp } from '../../clouds.ts'
import { defined } from '../../flags/defined.ts'
import { withEnvironment } from '../../flags/environment.ts'
import { provisionFlags } from '../../flags/provision.ts'
import { loginFlags, registriesOptions } from '../../flags/registries.ts'
import { Flags } from '../../oclif.ts'
import { probeWith } from '../../provision/probe.ts'
import { ProvisionCommand } from '../../provision/provision-command.ts'

export default class ProvisionGcp extends ProvisionCommand {
  static override summary = 'Prepare gcr.io or Artifact Registry for workspace images.'
  static override description =
    'Enables the APIs, makes the repository, and says which roles the service account needs, as gcloud commands. Container Registry has shut: its host names are served by Artifact Registry, where roles of the storage count for nothing. Credentials are found as the Google SDK finds them.'
  static override examples = [
    {
      description: 'See what would be done',
      command: 'gpreg provision gcp --project my-project --location europe-west1 --dry-run',
    },
    {
      description: 'Do it, and try it with the key that Gitpod will use',
      command:
        'gpreg provision gcp --project my-project --location europe-west1 --service-account-key key.json --secrets-file gcr.json --yes',
    },
  ]
  static override flags = {
    ...withEnvironment({
      project: Flags.string({ required: true, helpValue: 'ID', description: 'the project' }),
      location: Flags.string({
        required: true,
        helpValue: 'REGION',
        description: 'such as europe-west1; with --registry gcr the repository is on its continent',
      }),
      registry: Flags.option({
        options: ['gcr', 'artifact-registry'] as const,
        default: 'artifact-registry' as const,
        description: 'under the names of pkg.dev, or under those of gcr.io',
      })(),
      'service-account-key': Flags.string({
        helpValue: 'FILE',
        description: 'JSON key of the service account of the object storage: Gitpod pushes and pulls with it',
      }),
      'service-account': Flags.string({
        helpValue: 'EMAIL',
        description: 'whom the roles are for; default: whose key it is',
      }),
    }),
    ...provisionFlags,
    ...loginFlags,
  }

  async run() {
    const { flags } = await this.parse(ProvisionGcp)
    const { project, location, registry, installation, rotate } = flags
    if (rotate) throw noKeyOfOurs()
    const { createGcpClients, createGcpProvider, gcpEndpoints } = await loadGcp()
    const path = flags['service-account-key']
    const serviceAccountKey =
      path === undefined ? undefined : parseServiceAccountKey(await readText(path), path)
    return this.provision(flags, {
      needsSecretsFile: false,
      open: async vault =>
        createGcpProvider({
          project,
          location,
          registry,
          installation,
          vault,
          clients: await createGcpClients({ endpoints: gcpEndpoints(process.env) }),
          probe: probeWith(registriesOptions(flags)),
          ...defined({ serviceAccountKey, serviceAccount: flags['service-account'] }),
        }),
    })
  }
}

function noKeyOfOurs(): GpregError {
  return new GpregError('usage', '--rotate makes new credentials, and on Google Cloud gpreg makes none', {
    hint: 'make a key by gcloud iam service-accounts keys create, and give it with --service-account-key FILE',
  })
}

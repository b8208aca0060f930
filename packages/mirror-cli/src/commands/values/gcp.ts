import { defined } from '../../flags/defined.ts'
import { withEnvironment } from '../../flags/environment.ts'
import { valuesFlags } from '../../flags/values.ts'
import { Flags } from '../../oclif.ts'
import { ValuesCommand } from '../../values/values-command.ts'

export default class ValuesGcp extends ValuesCommand {
  static override summary =
    'Configuration for Google Cloud: Container or Artifact Registry, and Cloud Storage.'
  static override description =
    "Workspace images go to the project's registry, backups to Cloud Storage; one service account's key serves both."
  static override examples = [
    {
      description: "The project's gcr.io",
      command:
        'gpreg values gcp --domain gitpod.example.com --project my-project --region europe-west1 --service-account-key key.json --secrets secrets -o gitpod.config.yaml',
    },
    {
      description: 'A repository of Artifact Registry',
      command:
        'gpreg values gcp --project my-project --region europe-west1 --registry-host europe-west1-docker.pkg.dev/my-project/gitpod',
    },
  ]
  static override flags = {
    ...withEnvironment({
      project: Flags.string({ helpValue: 'PROJECT', description: 'project of registry and storage' }),
      region: Flags.string({ helpValue: 'REGION', description: 'region of the object storage' }),
      'registry-host': Flags.string({
        helpValue: 'HOST',
        description: 'gcr.io, eu.gcr.io or LOCATION-docker.pkg.dev/PROJECT/REPOSITORY; default gcr.io',
      }),
      'service-account-key': Flags.string({
        helpValue: 'FILE|-',
        description: 'JSON key of the service account of the object storage',
      }),
    }),
    ...valuesFlags,
  }

  async run() {
    const { flags } = await this.parse(ValuesGcp)
    return this.generate(flags, async inputs => {
      return {
        choice: {
          kind: 'gcp',
          ...defined({
            project: flags.project,
            region: flags.region,
            registryHost: flags['registry-host'],
          }),
        },
        values: await inputs.google(flags['service-account-key']),
      }
    })
  }
}

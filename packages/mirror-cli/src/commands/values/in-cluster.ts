import { defined } from '../../flags/defined.ts'
import { withEnvironment } from '../../flags/environment.ts'
import { valuesFlags } from '../../flags/values.ts'
import { Flags } from '../../oclif.ts'
import { ValuesCommand } from '../../values/values-command.ts'

export default class ValuesInCluster extends ValuesCommand {
  static override summary = 'Configuration for the registry that the installer brings along.'
  static override description =
    'Workspace images are kept by the in-cluster registry, on a volume, or in an S3 bucket where --s3-bucket is given.'
  static override examples = [
    {
      description: 'An air gap: all images from a mirror, workspace images in the cluster',
      command:
        'gpreg values in-cluster --domain gitpod.example.com --mirror registry.internal/gitpod --mirror-credentials pull.json --secrets secrets -o gitpod.config.yaml',
    },
    {
      description: 'With a bucket of an S3-compatible store',
      command:
        'gpreg values in-cluster --s3-bucket gitpod-registry --s3-region us-east-1 --s3-endpoint s3.internal:9000 --s3-credentials s3.json --secrets secrets',
    },
  ]
  static override flags = {
    ...withEnvironment({
      's3-bucket': Flags.string({
        helpValue: 'NAME',
        description: 'bucket for the blobs',
        dependsOn: ['s3-region'],
      }),
      's3-region': Flags.string({ helpValue: 'REGION', dependsOn: ['s3-bucket'], description: 'its region' }),
      's3-endpoint': Flags.string({
        helpValue: 'HOST[:PORT]',
        dependsOn: ['s3-bucket'],
        description: 'where it is; default: the regional endpoint of AWS',
      }),
      's3-credentials': Flags.string({
        helpValue: 'FILE|-',
        dependsOn: ['s3-bucket'],
        description: '{"accessKeyId","secretAccessKey"}',
      }),
    }),
    ...valuesFlags,
  }

  async run() {
    const { flags } = await this.parse(ValuesInCluster)
    return this.generate(flags, async inputs => {
      const [bucket, region] = [flags['s3-bucket'], flags['s3-region']]
      return {
        choice: {
          kind: 'in-cluster',
          ...(bucket === undefined || region === undefined
            ? {}
            : { s3: { bucket, region, ...defined({ endpoint: flags['s3-endpoint'] }) } }),
        },
        values: defined({ registryStorage: await inputs.accessKey(flags['s3-credentials']) }),
      }
    })
  }
}

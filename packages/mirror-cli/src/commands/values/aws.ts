import { defined } from '../../flags/defined.ts'
import { withEnvironment } from '../../flags/environment.ts'
import { valuesFlags } from '../../flags/values.ts'
import { Flags } from '../../oclif.ts'
import { ValuesCommand } from '../../values/values-command.ts'

export default class ValuesAws extends ValuesCommand {
  static override summary = 'Configuration for AWS: the in-cluster registry with an S3 bucket.'
  static override description =
    'ECR cannot keep workspace images: its logins last 12 hours, and the installer keeps them in a Secret that nobody renews. The in-cluster registry keeps them in a bucket, that of the object storage or one of its own.'
  static override examples = [
    {
      description: 'One bucket for both',
      command:
        'gpreg values aws --domain gitpod.example.com --region eu-west-1 --bucket gitpod --registry-credentials s3.json --secrets secrets -o gitpod.config.yaml',
    },
    {
      description: "From the outputs of Gitpod's Terraform module",
      command: 'terraform output -json | gpreg values aws --from-terraform - --secrets secrets',
    },
  ]
  static override flags = {
    ...withEnvironment({
      region: Flags.string({ helpValue: 'REGION', description: 'region of the object storage' }),
      bucket: Flags.string({ helpValue: 'NAME', description: 'bucket of the registry' }),
      'registry-region': Flags.string({
        helpValue: 'REGION',
        description: "the bucket's region; default: --region",
      }),
      'registry-endpoint': Flags.string({
        helpValue: 'HOST',
        description: 'default: s3.REGION.amazonaws.com, as the partition has it',
      }),
      'storage-bucket': Flags.string({
        helpValue: 'NAME',
        description: 'bucket of the object storage; default: --bucket',
      }),
      'storage-endpoint': Flags.string({
        helpValue: 'HOST',
        description: 'default: that of the registry for the same bucket, else the endpoint of --region',
      }),
      'registry-credentials': Flags.string({
        helpValue: 'FILE|-',
        description: '{"accessKeyId","secretAccessKey"} for the bucket of the registry',
      }),
      'storage-credentials': Flags.string({
        helpValue: 'FILE|-',
        description:
          'the same for the object storage; default where the bucket is the same: --registry-credentials',
      }),
    }),
    ...valuesFlags,
  }

  async run() {
    const { flags } = await this.parse(ValuesAws)
    return this.generate(flags, async inputs => {
      const registryStorage = await inputs.accessKey(flags['registry-credentials'])
      const isShared =
        [undefined, flags.bucket].includes(flags['storage-bucket']) &&
        [undefined, flags['registry-endpoint']].includes(flags['storage-endpoint'])
      return {
        choice: {
          kind: 'aws',
          ...defined({
            region: flags.region,
            bucket: flags.bucket,
            registryRegion: flags['registry-region'],
            registryEndpoint: flags['registry-endpoint'],
            storageBucket: flags['storage-bucket'],
            storageEndpoint: flags['storage-endpoint'],
          }),
        },
        values: defined({
          registryStorage,
          storage:
            (await inputs.accessKey(flags['storage-credentials'])) ??
            (isShared ? registryStorage : undefined),
        }),
      }
    })
  }
}

import { GpregError } from '@gpreg/oci'
import { defined } from '../../flags/defined.ts'
import { withEnvironment } from '../../flags/environment.ts'
import { provisionFlags } from '../../flags/provision.ts'
import { authorities, loadAws } from '../../clouds.ts'
import { Flags } from '../../oclif.ts'
import { ProvisionCommand } from '../../provision/provision-command.ts'
import { standardInputBytes } from '../../standard-input.ts'

export default class ProvisionAws extends ProvisionCommand {
  static override summary = 'Prepare the bucket of the in-cluster registry on AWS, and a key for it.'
  static override description =
    'Makes a bucket that nobody else can read, a user that may use that bucket and nothing else, and its access key; then does with the key what the registry will do. What is there already is kept. Credentials are found as the AWS SDK finds them. S3 that is not of AWS is given with --s3-endpoint; what it cannot do is left out, and said. --destroy removes nothing where somebody gave the user other rights, because something else uses it then, and exits with 4.'
  static override examples = [
    {
      description: 'See what would be done',
      command: 'gpreg provision aws --region eu-west-1 --dry-run',
    },
    {
      description: 'Do it, and write the configuration that follows',
      command:
        'gpreg provision aws --region eu-west-1 --bucket gitpod-registry --secrets-file s3.json --yes && gpreg values aws --from provision.json --domain gitpod.example.com --storage-bucket gitpod-storage --storage-credentials storage.json --secrets secrets',
    },
    {
      description: 'A bucket in MinIO or Ceph, with a key made there',
      command:
        'gpreg provision aws --region us-east-1 --s3-endpoint https://s3.internal:9000 --registry-credentials key.json --secrets-file s3.json',
    },
  ]
  static override flags = {
    ...withEnvironment({
      region: Flags.string({ required: true, helpValue: 'REGION', description: 'where the bucket is' }),
      bucket: Flags.string({ helpValue: 'NAME', description: 'default: reg-bucket-INSTALLATION' }),
      'shared-with-storage': Flags.boolean({
        description: 'the object storage of Gitpod is in the same bucket, and uses the same key',
      }),
      profile: Flags.string({ helpValue: 'NAME', description: 'profile of ~/.aws/config' }),
      's3-endpoint': Flags.string({ helpValue: 'URL', description: 'S3 that is not of AWS: MinIO, Ceph' }),
      'iam-endpoint': Flags.string({
        helpValue: 'URL',
        dependsOn: ['s3-endpoint'],
        description: 'an IAM beside it, which can make users and keys',
      }),
      'registry-credentials': Flags.string({
        helpValue: 'FILE|-',
        dependsOn: ['s3-endpoint'],
        exclusive: ['iam-endpoint', 'rotate'],
        description: '{"accessKeyId","secretAccessKey"} made elsewhere, where there is no IAM',
      }),
      'ca-file': Flags.string({
        helpValue: 'FILE',
        description: 'trust these certificate authorities (PEM) as well',
      }),
    }),
    ...provisionFlags,
  }

  async run() {
    const { flags } = await this.parse(ProvisionAws)
    const { region, installation, bucket, rotate } = flags
    const { createAwsClients, createAwsProvider } = await loadAws()
    const withIam = flags['s3-endpoint'] === undefined || flags['iam-endpoint'] !== undefined
    if (rotate && !withIam) throw noKeyToRotate()
    const endpoints = defined({ s3Endpoint: flags['s3-endpoint'], iamEndpoint: flags['iam-endpoint'] })
    const ca = await authorities(flags['ca-file'])
    const clients = await createAwsClients({
      region,
      ...endpoints,
      ...defined({ profile: flags.profile, ca }),
    })
    const registryStorage = await this.#givenKey(flags['registry-credentials'])
    return this.provision(flags, {
      needsSecretsFile: withIam,
      ...(registryStorage === undefined ? {} : { given: { registryStorage } }),
      open: async vault =>
        createAwsProvider({
          installation,
          region,
          sharedWithStorage: flags['shared-with-storage'],
          withIam,
          rotate,
          vault,
          clients,
          ...endpoints,
          ...defined({ bucket }),
        }),
    })
  }

  async #givenKey(path: string | undefined) {
    if (path === undefined) return undefined
    const { ValuesInputs } = await import('../../values/inputs.ts')
    return new ValuesInputs(standardInputBytes(this.signal)).accessKey(path)
  }
}

function noKeyToRotate(): GpregError {
  return new GpregError('usage', '--rotate makes a new key, and without an IAM none can be made', {
    hint: 'name the IAM with --iam-endpoint URL, or make the key there and give it with --registry-credentials FILE',
  })
}

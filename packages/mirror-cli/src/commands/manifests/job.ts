import { jobManifests } from '@gpreg/values-gen'
import { ManifestsCommand } from '../../manifests/manifests-command.ts'
import { jobFlags, manifestFlags } from '../../manifests/flags.ts'

export default class ManifestsJob extends ManifestsCommand {
  static override summary = 'Kubernetes YAML of a Job that mirrors.'
  static override description =
    'Prints plain YAML for kubectl apply: the Job, and what it mounts. The pods run by the restricted Pod Security Standard, with the image of gpreg (gpreg tool push). Arguments behind -- go to gpreg mirror. Asks no registry and no cluster.'
  static override usage = '<%= command.id %> --to HOST[:PORT]/PREFIX --lock FILE [FLAGS] [-- MIRROR-FLAGS]'
  static override examples = [
    {
      description: 'Mirror a lock once',
      command:
        'gpreg manifests job --to registry.internal/gitpod --lock gpreg.lock.json --credentials registry-login | kubectl apply --server-side -f -',
    },
    {
      description: 'By four pods, with the identity of a role instead of a stored login',
      command:
        'gpreg manifests job --to 123456789012.dkr.ecr.eu-west-1.amazonaws.com/gitpod --lock gpreg.lock.json --kubernetes 1.29 --shards 4 --cloud aws=arn:aws:iam::123456789012:role/gpreg',
    },
  ]
  static override strict = false
  static override flags = { ...manifestFlags('gpreg-mirror'), ...jobFlags }

  async run() {
    const { flags, argv } = await this.parse(ManifestsJob)
    return this.write(jobManifests(await this.jobRequest(flags, argv)), flags)
  }
}

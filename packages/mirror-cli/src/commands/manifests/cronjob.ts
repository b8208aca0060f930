import { jobManifests } from '@gpreg/values-gen'
import { ManifestsCommand } from '../../manifests/manifests-command.ts'
import { withEnvironment } from '../../flags/environment.ts'
import { jobFlags, manifestFlags, parseSchedule } from '../../manifests/flags.ts'
import { Flags } from '../../oclif.ts'

export default class ManifestsCronjob extends ManifestsCommand {
  static override summary = 'Kubernetes YAML of a CronJob that mirrors again and again.'
  static override description =
    'As gpreg manifests job, on a schedule. What the registry has is not sent again, so a run without news takes seconds. A run does not start before the last one has ended.'
  static override usage =
    '<%= command.id %> --schedule CRON --to HOST[:PORT]/PREFIX [FLAGS] [-- IMAGE-SET MIRROR-FLAGS]'
  static override examples = [
    {
      description: 'Moving tags, every night',
      command:
        "gpreg manifests cronjob --schedule '0 3 * * *' --to registry.internal/gitpod --credentials registry-login -- --image docker.io/gitpod/workspace-full:latest",
    },
    {
      description: 'A lock, every Sunday, so that what the registry has lost comes back',
      command:
        "gpreg manifests cronjob --schedule '0 3 * * 0' --to registry.internal/gitpod --lock gpreg.lock.json -- --repair",
    },
  ]
  static override strict = false
  static override flags = {
    ...manifestFlags('gpreg-mirror'),
    ...jobFlags,
    ...withEnvironment({
      schedule: Flags.string({
        required: true,
        helpValue: 'CRON',
        description: "when it runs, in the time zone of the cluster, e.g. '0 3 * * *'",
      }),
    }),
  }

  async run() {
    const { flags, argv } = await this.parse(ManifestsCronjob)
    const request = { ...(await this.jobRequest(flags, argv)), schedule: parseSchedule(flags.schedule) }
    return this.write(jobManifests(request), flags)
  }
}

import { withEnvironment } from '../flags/environment.ts'
import { Flags } from '../oclif.ts'

/** The flag of commands whose outcome alerts are written on. */
export const metricsFlag = withEnvironment({
  metrics: Flags.string({
    helpGroup: 'OUTPUT',
    exclusive: ['dry-run'],
    helpValue: 'FILE',
    description: 'write the outcome into this file for Prometheus, e.g. into the directory of node_exporter',
  }),
})

import type { CloudCall } from '@gpreg/core'

/** A call to Google Cloud. Its permission is named as in IAM, such as `serviceusage.services.enable`. */
export interface GcpCall extends CloudCall {
  readonly project: string
}

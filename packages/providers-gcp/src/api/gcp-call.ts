import type { CloudCall } from '@gpreg/core/provider'

/** A call to Google Cloud. Its permission is named as in IAM, such as `serviceusage.services.enable`. */
export interface GcpCall extends CloudCall {
  readonly project: string
}

import type { Login } from '@gpreg/oci'
import type { RegistryPrefix } from '@gpreg/oci/engine'

/** A mirror that was published with `--naming source`, and the settings with which a node reaches it. */
export interface NodeConfigRequest {
  readonly to: RegistryPrefix
  /** Hosts in the names that images are pulled by: `docker.io`, `quay.io`, … */
  readonly sources: readonly string[]
  /** PEM certificates of the authorities that issued the mirror's certificate. */
  readonly ca?: string
  readonly plainHttp?: boolean
  readonly skipVerify?: boolean
  /** The login for k3s; containerd's files have no field for it. */
  readonly login?: Login
  /** Flags that name the image set, for the notes. */
  readonly imageSet?: string
}

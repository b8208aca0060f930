import type { Context } from '../context.ts'
import type { Reference, ReadableRepository } from '@gpreg/oci'
import type { RegistryPrefix } from '@gpreg/oci/engine'
import type { Purpose } from './image-set.ts'
import type { Naming } from './naming.ts'

/** The inputs of an image set, which is their union. A path may be `-` for standard input. */
export interface ImageSetRequest {
  /** e.g. `release-2022.11.3`: its versions manifest is read out of the image of that tag */
  readonly release?: string
  /** path of a versions manifest */
  readonly versions?: string
  /** the entry of the catalogue to use with either */
  readonly catalogue?: string
  /** paths of lists: JSON of `gitpod-installer mirror list`, or lines */
  readonly images?: readonly string[]
  /** paths of rendered manifests, files or directories */
  readonly manifests?: readonly string[]
  /** directories of repositories */
  readonly workspaceRepos?: readonly string[]
  /** references */
  readonly image?: readonly string[]
  /** path of a lock */
  readonly lock?: string
  /** path of an installer configuration */
  readonly config?: string
  /** globs over whole normalised references */
  readonly exclude?: readonly string[]
  /** only these; default all */
  readonly purposes?: readonly Purpose[]
  readonly to?: RegistryPrefix
  /** default: as the configuration says, else `installer` */
  readonly namings?: readonly Naming[]
}

export interface ImageSetWorld {
  readonly context: Context
  /** The repository that an image is read from, for the versions manifest of a release. */
  openVersions(reference: Reference): Promise<ReadableRepository>
  /** All of standard input. */
  stdin(): Promise<string>
}

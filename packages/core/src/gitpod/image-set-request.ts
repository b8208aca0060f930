import type { Context } from '../context.ts'
import type { Place, Reference, ReadableRepository } from '@gpreg/oci'
import type { RegistryPrefix } from '@gpreg/oci/engine'
import type { WorkspaceFiles } from './discovery/workspace/workspace-repo.ts'
import type { Purpose } from './image-set.ts'
import type { Naming } from './naming.ts'

/** The inputs of an image set, which is their union. A path may be `-` for standard input. */
export interface ImageSetRequest {
  /** e.g. `release-2022.11.3`; its versions manifest is read from the versions image with this tag */
  readonly release?: string
  /** path of a versions manifest */
  readonly versions?: string
  /** the release in the catalogue to use for `release` or `versions`; default: the release itself */
  readonly catalogue?: string
  /** paths of lists of images, in any format of docs/image-lists.md */
  readonly images?: readonly string[]
  /** paths of rendered manifests, files or directories */
  readonly manifests?: readonly string[]
  /** paths of Helm charts, directories or `.tgz` files */
  readonly charts?: readonly string[]
  /** paths of files with values for the charts; later ones win */
  readonly chartValues?: readonly string[]
  /** repositories that workspaces are started from, or directories of such repositories */
  readonly workspaceRepos?: readonly string[]
  /** files of these repositories that other tools than Gitpod read */
  readonly workspaceFiles?: readonly WorkspaceFiles[]
  /** references of single images */
  readonly image?: readonly string[]
  /** path of a lock */
  readonly lock?: string
  /** path of an installer configuration */
  readonly config?: string
  /** globs; an image is left out if its whole normalised reference matches one */
  readonly exclude?: readonly string[]
  /** Only images of these purposes; default all. */
  readonly purposes?: readonly Purpose[]
  /** An image that this run made, e.g. of gpreg itself. It joins the others, and no purpose or pattern leaves it out. */
  readonly made?: MadeImage
  readonly to?: RegistryPrefix
  /** default: the naming in the configuration, else `installer` */
  readonly namings?: readonly Naming[]
}

/** An image that is in no registry yet. */
export interface MadeImage {
  /** The name that stands for it in locks and results. A host `localhost` means that it was made on some machine, as podman has it. */
  readonly source: Reference
  readonly place: Place<ReadableRepository>
  readonly origin: string
}

export interface ImageSetWorld {
  readonly context: Context
  /** Opens the repository of a versions image. */
  openVersions(reference: Reference): Promise<ReadableRepository>
  /** Reads all of standard input. */
  stdin(): Promise<string>
}

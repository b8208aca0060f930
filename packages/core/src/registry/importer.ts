import type { Digest } from '@gpreg/oci'
import type { Context } from '../context.ts'

/** An image that a registry is to fetch by itself. */
export interface ImageImport {
  /** The place from which the registry fetches. It gets no login for it. */
  readonly source: { readonly host: string; readonly repository: string; readonly digest: Digest }
  /** The place in the registry. Without a tag only the manifests and blobs are stored, because the tag is taken or not wanted. */
  readonly target: { readonly repository: string; readonly tag?: string }
}

/** A registry that fetches images from public sources by itself, so that their bytes do not pass this machine. */
export interface Importer {
  /**
   * Resolves when the registry says that it has the image. The caller has to check that it does.
   * @throws `unauthorized` and `forbidden` if the login of this machine is refused, which no other image changes; any other error
   * is about this image only
   */
  import(image: ImageImport, context: Context): Promise<void>
}

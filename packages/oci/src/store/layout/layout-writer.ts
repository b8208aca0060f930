import { GpregError } from '../../errors.ts'
import { isForeignLayer, isManifestType, type Descriptor } from '../../model/descriptor.ts'
import { childrenOf, describeReferrer, parseManifest } from '../../model/manifest.ts'
import type { Mounter } from '../capabilities.ts'
import { contentFrom, type Call, type Content, type Repository } from '../content.ts'
import type { WritableContent, WritableNames } from './layout-content.ts'
import { addReferrer } from './layout-manifests.ts'
import { ReadableLayoutRepository, type LayoutParts } from './layout-reader.ts'
import { verified } from '../verify.ts'

export type WritableParts = LayoutParts<WritableContent, WritableNames>

/**
 * A repository of a layout that can be written. Names are `repository:tag`, as skopeo finds them: `oci:DIR:library/redis:6.2`.
 */
export class WritableLayoutRepository extends ReadableLayoutRepository implements Repository, Mounter {
  readonly #parts: WritableParts

  constructor(name: string, parts: WritableParts) {
    super(name, parts)
    this.#parts = parts
  }

  async push(descriptor: Descriptor, content: Content, call: Call = {}): Promise<void> {
    // A manifest is checked even if its bytes are stored: they may have been pushed as a blob, without their children.
    if (isManifestType(descriptor.mediaType)) return this.#pushManifest(descriptor, content, call)
    await this.#write(descriptor, content, call)
  }

  async tag(tag: string, descriptor: Descriptor, bytes: Uint8Array, call: Call = {}): Promise<void> {
    await this.push(descriptor, contentFrom(bytes), call)
    // A repository without a name is the layout itself: its tags are bare, as oras and regctl write and look for them.
    await this.#parts.names.set(this.name === '' ? tag : `${this.name}:${tag}`, descriptor)
  }

  /** All repositories have all content, so a mount only asks whether it is stored. */
  mount(descriptor: Descriptor): Promise<boolean> {
    return this.exists(descriptor)
  }

  async #pushManifest(descriptor: Descriptor, content: Content, call: Call): Promise<void> {
    const chunks: Uint8Array[] = []
    for await (const chunk of verified(content.open({ offset: 0, signal: call.signal }), descriptor))
      chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    const manifest = parseManifest(bytes, descriptor.mediaType, { digest: descriptor.digest })
    for (const child of childrenOf(manifest)) {
      if (isForeignLayer(child) || (await this.exists(child))) continue
      throw new GpregError(
        'blob-unknown',
        `${this.name} has no ${child.digest}, which ${descriptor.digest} needs`,
        { digest: child.digest },
      )
    }
    const known = manifest.subject && (await this.#parts.referrers())
    await this.#write(descriptor, contentFrom(bytes), call)
    if (manifest.subject && known)
      addReferrer(known, manifest.subject.digest, describeReferrer(descriptor, manifest))
  }

  async #write(descriptor: Descriptor, content: Content, { signal }: Call): Promise<void> {
    if (!(await this.exists(descriptor))) await this.#parts.content.write(descriptor, content, signal)
  }
}

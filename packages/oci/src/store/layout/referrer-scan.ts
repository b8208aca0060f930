import type { Descriptor } from '../../model/descriptor.ts'
import type { Digest } from '../../model/digest.ts'
import { describeReferrer } from '../../model/manifest.ts'
import { addReferrer, readManifestOf, type ReadableContent, type ReferrerIndex } from './layout-manifests.ts'

/** Content that others may change. */
export interface ChangingContent extends ReadableContent {
  /** Another text after content came or went; undefined if that cannot be told at the moment. */
  version(): Promise<string | undefined>
}

interface Found {
  readonly subject: Digest
  readonly descriptor: Descriptor
}

/** The referrers of a layout that other processes write. Content that was read once is not read again. */
export class ReferrerScan {
  readonly #content: ChangingContent
  /** Every digest that was read; undefined if it is no referrer. */
  #read: ReadonlyMap<Digest, Found | undefined> = new Map()
  #referrers: ReferrerIndex = new Map()
  #version: string | undefined
  #running: Promise<void> | undefined

  constructor(content: ChangingContent) {
    this.#content = content
  }

  async referrers(): Promise<ReferrerIndex> {
    // A scan that began before this call may have missed what is asked for.
    await this.#running?.catch(() => {})
    await (this.#running ??= this.#scan().finally(() => (this.#running = undefined)))
    return this.#referrers
  }

  async #scan(): Promise<void> {
    const version = await this.#content.version()
    if (version !== undefined && version === this.#version) return
    const read = new Map<Digest, Found | undefined>()
    for await (const digest of this.#content.digests())
      read.set(digest, this.#read.has(digest) ? this.#read.get(digest) : await this.#find(digest))
    const referrers: ReferrerIndex = new Map()
    for (const found of read.values())
      if (found !== undefined) addReferrer(referrers, found.subject, found.descriptor)
    this.#read = read
    this.#referrers = referrers
    this.#version = version
  }

  async #find(digest: Digest): Promise<Found | undefined> {
    const manifest = await readManifestOf(this.#content, digest)
    if (manifest?.subject === undefined) return undefined
    const size = (await this.#content.size(digest)) ?? 0
    const descriptor = describeReferrer({ mediaType: manifest.mediaType, digest, size }, manifest)
    return { subject: manifest.subject.digest, descriptor }
  }
}

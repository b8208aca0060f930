import type { Descriptor } from '../model/descriptor.ts'
import type { Mounter } from '../store/capabilities.ts'
import type { ByteStream, Call, Content, FetchCall } from '../store/content.ts'
import type { MemoryRepository } from '../store/memory-store.ts'

/** Hooks of a test. Each runs before the real call and may throw. */
export interface Faults {
  onFetch?(descriptor: Descriptor): void
  onPush?(descriptor: Descriptor): void
  onTag?(tag: string, descriptor: Descriptor): void
  onMount?(descriptor: Descriptor): boolean | void
  /** The answer of `exists`, true or not; undefined for the real one. */
  claims?(descriptor: Descriptor): boolean | undefined
}

/** A repository in memory with faults that a test chooses. */
export class FaultyRepository implements Mounter {
  readonly name: string
  readonly #inner: MemoryRepository
  readonly #faults: Faults

  constructor(inner: MemoryRepository, faults: Faults) {
    this.name = inner.name
    this.#inner = inner
    this.#faults = faults
  }

  resolve(tagOrDigest: string): Promise<Descriptor> {
    return this.#inner.resolve(tagOrDigest)
  }

  async *fetch(descriptor: Descriptor, call?: FetchCall): ByteStream {
    this.#faults.onFetch?.(descriptor)
    yield* this.#inner.fetch(descriptor, call)
  }

  async exists(descriptor: Descriptor): Promise<boolean> {
    return this.#faults.claims?.(descriptor) ?? this.#inner.exists(descriptor)
  }

  async push(descriptor: Descriptor, content: Content, call?: Call): Promise<void> {
    this.#faults.onPush?.(descriptor)
    await this.#inner.push(descriptor, content, call)
  }

  async tag(tag: string, descriptor: Descriptor, bytes: Uint8Array): Promise<void> {
    this.#faults.onTag?.(tag, descriptor)
    await this.#inner.tag(tag, descriptor, bytes)
  }

  async mount(descriptor: Descriptor, fromRepository: string): Promise<boolean> {
    const allowed = this.#faults.onMount?.(descriptor) ?? true
    return allowed && this.#inner.mount(descriptor, fromRepository)
  }

  tags(): AsyncIterable<string> {
    return this.#inner.tags()
  }

  referrers(...args: Parameters<MemoryRepository['referrers']>): Promise<readonly Descriptor[]> {
    return this.#inner.referrers(...args)
  }
}

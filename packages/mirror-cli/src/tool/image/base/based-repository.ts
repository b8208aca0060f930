import type { ByteStream, Descriptor, Digest, ReadableRepository } from '@gpreg/oci'
import type { Call } from '@gpreg/oci/engine'

/** A repository of an image whose lower layers lie in the repository of its base. They are read from there, and never kept here. */
export class BasedRepository implements ReadableRepository {
  readonly name: string
  readonly #own: ReadableRepository
  readonly #base: ReadableRepository
  readonly #layers: ReadonlySet<Digest>

  /** @param layers the digests that are read from the base */
  constructor(own: ReadableRepository, base: ReadableRepository, layers: ReadonlySet<Digest>) {
    this.name = own.name
    this.#own = own
    this.#base = base
    this.#layers = layers
  }

  resolve(tagOrDigest: string, call?: Call): Promise<Descriptor> {
    return this.#own.resolve(tagOrDigest, call)
  }

  fetch(descriptor: Descriptor, call?: Call): ByteStream {
    return this.#with(descriptor).fetch(descriptor, call)
  }

  exists(descriptor: Descriptor, call?: Call): Promise<boolean> {
    return this.#with(descriptor).exists(descriptor, call)
  }

  #with({ digest }: Descriptor): ReadableRepository {
    return this.#layers.has(digest) ? this.#base : this.#own
  }
}

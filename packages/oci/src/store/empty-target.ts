import { GpregError } from '../errors.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Digest } from '../model/digest.ts'
import type { ByteStream, Repository, Store } from './content.ts'

/** An empty target used for planning. `exists` is true only for blobs that the receiving side is known to have. */
export class EmptyTarget implements Store {
  readonly location: string
  readonly #elsewhere: ReadonlySet<Digest>

  constructor(location: string, elsewhere: ReadonlySet<Digest> = new Set()) {
    this.location = location
    this.#elsewhere = elsewhere
  }

  repository(name: string): Repository {
    const absent = (what: string) =>
      new GpregError('not-found', `${name}: ${what} is not in ${this.location}, which is only planned`)
    return {
      name,
      resolve: async tagOrDigest => {
        throw absent(tagOrDigest)
      },
      exists: async ({ digest }: Descriptor) => this.#elsewhere.has(digest),
      fetch: async function* ({ digest }: Descriptor): ByteStream {
        throw absent(digest)
      },
      push: async ({ digest }) => {
        throw absent(digest)
      },
      tag: async tag => {
        throw absent(tag)
      },
    }
  }
}

import type { Context } from '../context.ts'
import {
  type Place,
  type ErrorCode,
  type Descriptor,
  type Digest,
  childrenOf,
  type ManifestNode,
  type ReadableRepository,
} from '@gpreg/oci'
import {
  readManifest,
  unlessAborted,
  allSettledOrThrow,
  Limiter,
  isForeignLayer,
  isManifestType,
  once,
  recycle,
} from '@gpreg/oci/engine'
import { isImageConfig } from './image-content.ts'
import { describeError } from './items.ts'

export interface VerifyProblem {
  /** e.g. `not-found`, `digest-mismatch` */
  readonly code: ErrorCode
  readonly message: string
  /** what the operator can do, if that is known */
  readonly hint?: string
  /** The digest of the missing or wrong content; absent if the image itself could not be resolved or is another one. */
  readonly digest?: Digest
}

/** A manifest to walk from, and its tag if clients find it only by that, as they find cosign's signatures. */
export type Root = Descriptor & { readonly tag?: string }

/** Manifest reads and existence checks that run at the same time. */
const LOOKS_AT_ONCE = 16

/**
 * Checks images in any store, and reports all missing or wrong content, not only the first. Content that several images share is
 * checked once per repository; with `deep`, blobs are read once per store.
 */
export class Walker {
  /** number of manifests and blobs that were checked */
  checked = 0
  /** number of bytes that were read back and hashed */
  bytes = 0
  /** Blobs without a problem, each with one repository that has it. */
  readonly held = new Map<Digest, { readonly size: number; readonly repository: string }>()
  /** The manifests that were read. */
  readonly manifests = new Map<Digest, ManifestNode>()
  /** The configs of images that `deep` read. */
  readonly configs = new Map<Digest, Uint8Array>()
  readonly #deep: boolean
  readonly #context: Context
  readonly #looks = new Limiter(LOOKS_AT_ONCE)
  readonly #reads: Limiter
  readonly #known = new Map<string, Promise<VerifyProblem[]>>()
  readonly #hashed = new Map<string, Promise<VerifyProblem[]>>()

  constructor(deep: boolean, concurrency: number, context: Context) {
    this.#deep = deep
    this.#reads = new Limiter(concurrency)
    this.#context = context
  }

  async walk(place: Place<ReadableRepository>, roots: readonly Root[]): Promise<VerifyProblem[]> {
    const problems = await allSettledOrThrow(
      roots.flatMap(root => [this.#visitTag(place, root), this.#visit(place, root, true)]),
    )
    // A problem with content that several manifests share is reported once.
    return [
      ...new Map(problems.flat().map(problem => [`${problem.code} ${problem.digest}`, problem])).values(),
    ]
  }

  #visit(
    place: Place<ReadableRepository>,
    descriptor: Descriptor,
    isManifest = isManifestType(descriptor.mediaType),
  ): Promise<VerifyProblem[]> {
    return once(this.#known, `${place.store}/${place.repository.name}@${descriptor.digest}`, () => {
      this.checked++
      return isManifest ? this.#visitManifest(place, descriptor) : this.#visitBlob(place, descriptor)
    })
  }

  async #visitTag(place: Place<ReadableRepository>, root: Root): Promise<VerifyProblem[]> {
    const { tag, digest } = root
    if (tag === undefined) return []
    const { store, repository } = place
    return once(this.#known, `${store}/${repository.name}:${tag}@${digest}`, async () => {
      try {
        const found = await this.#looks.run(() => repository.resolve(tag, this.#call()))
        if (found.digest === digest) return []
        const message = `expected ${digest} as ${repository.name}:${tag}, found ${found.digest}`
        return [{ code: 'digest-mismatch', message, digest }]
      } catch (thrown) {
        return [problem(thrown, root)]
      }
    })
  }

  async #visitManifest(place: Place<ReadableRepository>, descriptor: Descriptor): Promise<VerifyProblem[]> {
    try {
      const node = await this.#looks.run(() => readManifest(place.repository, descriptor, this.#call()))
      this.manifests.set(descriptor.digest, node)
      const children = childrenOf(node.manifest)
      return (
        await allSettledOrThrow(
          children.map(child =>
            isForeignLayer(child) ? this.#visitForeign(place, child) : this.#visit(place, child),
          ),
        )
      ).flat()
    } catch (thrown) {
      return [problem(thrown, descriptor)]
    }
  }

  /** A foreign layer may be missing, because its urls name it. If it is there, it is checked as any other. */
  async #visitForeign(place: Place<ReadableRepository>, layer: Descriptor): Promise<VerifyProblem[]> {
    const problems = await this.#visit(place, layer)
    if (!problems.some(({ code }) => code === 'not-found')) return problems
    const message = `${layer.digest} in ${place.store}/${place.repository.name} is a foreign layer that only its urls have; whoever pulls the image needs them`
    this.#context.emit({ type: 'warning', code: 'foreign-layer', message, subject: { digest: layer.digest } })
    return []
  }

  async #visitBlob(place: Place<ReadableRepository>, descriptor: Descriptor): Promise<VerifyProblem[]> {
    try {
      const there = await this.#looks.run(() => place.repository.exists(descriptor, this.#call()))
      if (!there)
        return [
          {
            code: 'not-found',
            message: `${place.repository.name} has no ${descriptor.digest} of ${descriptor.size} bytes`,
            digest: descriptor.digest,
          },
        ]
    } catch (thrown) {
      return [problem(thrown, descriptor)]
    }
    const problems = this.#deep
      ? await once(this.#hashed, `${place.store} ${descriptor.digest}`, () =>
          this.#reads.run(() => this.#hash(place, descriptor)),
        )
      : []
    const { digest, size } = descriptor
    if (problems.length === 0) this.held.set(digest, { size, repository: place.repository.name })
    return problems
  }

  async #hash(place: Place<ReadableRepository>, descriptor: Descriptor): Promise<VerifyProblem[]> {
    try {
      const chunks: Uint8Array[] = []
      const isConfig = isImageConfig(descriptor)
      // A server that cuts the connection at wrong bytes does so each time.
      for await (const chunk of place.repository.fetch(descriptor, { ...this.#call(), isBrief: true })) {
        this.bytes += chunk.byteLength
        this.#context.emit({ type: 'read.progress', bytes: chunk.byteLength })
        if (isConfig) chunks.push(chunk)
        else recycle(chunk)
      }
      if (isConfig) this.configs.set(descriptor.digest, Buffer.concat(chunks))
      return []
    } catch (thrown) {
      return [problem(thrown, descriptor)]
    }
  }

  #call() {
    return { signal: this.#context.signal }
  }
}

function problem(thrown: unknown, { digest }: Descriptor): VerifyProblem {
  return { ...describeError(unlessAborted(thrown)), digest }
}

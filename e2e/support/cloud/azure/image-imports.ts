import { randomUUID } from 'node:crypto'
import { ApiError } from '../api-error.ts'

/** The body of a request to import an image. */
export interface ImageImportInput {
  readonly source?: {
    readonly registryUri?: string
    readonly sourceImage?: string
    readonly resourceId?: string
    readonly credentials?: object
  }
  readonly targetTags?: readonly string[]
  readonly untaggedTargetRepositories?: readonly string[]
  readonly mode?: string
}

/** Copies an image from a source to a repository of the registry. @throws why it cannot */
export type ImageCopy = (source: string, target: string) => Promise<void>

interface Import {
  polls: number
  /** undefined while it is going on */
  outcome: { readonly error?: string } | undefined
}

/**
 * The imports of a registry. The registry asks the source itself, so nothing passes the client.
 * https://learn.microsoft.com/rest/api/container-registry/registries/import-image
 */
export class ImageImports {
  /** All bodies, in order. */
  readonly asked: ImageImportInput[] = []
  /** number of status requests before an import is done, at least */
  polls = 2
  /** How images are copied; a test sets it. */
  copy: ImageCopy = async () => {}
  readonly #imports = new Map<string, Import>()

  /** @returns the id of the operation */
  begin(input: ImageImportInput): string {
    this.asked.push(input)
    const { source, targetTags = [], untaggedTargetRepositories = [], mode } = input
    if (!source?.registryUri || !source.sourceImage || mode !== 'NoForce' || source.credentials)
      throw new ApiError(400, 'InvalidParameters', `not imported by this test: ${JSON.stringify(input)}`)
    const id = `imports-${randomUUID()}`
    const one: Import = { polls: this.polls, outcome: undefined }
    this.#imports.set(id, one)
    const targets = [...targetTags, ...untaggedTargetRepositories]
    const from = `${source.registryUri}/${source.sourceImage}`
    const copies = Promise.all(targets.map(target => this.copy(from, target)))
    void copies.then(
      () => (one.outcome = {}),
      (error: Error) => (one.outcome = { error: error.message }),
    )
    return id
  }

  has(id: string): boolean {
    return this.#imports.has(id)
  }

  /** Handles a status request. @returns true while the import is going on @throws why it failed */
  poll(id: string): boolean {
    const one = this.#imports.get(id)!
    if (one.polls-- > 0 || one.outcome === undefined) return true
    if (one.outcome.error !== undefined) throw new ApiError(400, 'ImportFailed', one.outcome.error)
    return false
  }
}

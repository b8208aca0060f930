import { isDeleter, isGpregError, isUntagger, pack, type Descriptor, type Repository } from '@gpreg/oci'
import { unlessMissing, type Call } from '@gpreg/oci/engine'

/** How a registry removes a tag: the tag alone; the tag with its manifest and all other tags of that; not at all. */
type TagRemoval = 'single' | 'whole' | 'none'

/** Tags by which the behaviour of a registry is found out: one that is not there, and two of one manifest. */
const PROBES = ['gpreg-prune-probe-0', 'gpreg-prune-probe-1', 'gpreg-prune-probe-2'] as const

/** Removes tags and manifests from one registry, and remembers what it does not do. */
export class Removal {
  readonly #call: Call
  #tags: TagRemoval | undefined

  constructor(call: Call) {
    this.#call = call
  }

  /** False once the registry has refused to remove a single tag. */
  get removesTags(): boolean {
    return this.#tags !== 'none'
  }

  /**
   * Removes a tag of a manifest that goes, too.
   * @returns false if the registry removes no single tags
   */
  async removeTag(repository: Repository, tag: string): Promise<boolean> {
    if (this.#tags === 'none' || !isUntagger(repository)) return false
    try {
      await repository.untag(tag, this.#call)
      return true
    } catch (error) {
      if (isGpregError(error, 'not-found')) return true
      if (!isGpregError(error, 'protocol')) throw error
      this.#tags = 'none'
      return false
    }
  }

  /**
   * Removes a tag of a manifest that stays. Some registries delete the manifest instead, so that is found out first, with a
   * manifest of nobody's.
   * @returns why the tag was left; undefined if it was removed
   */
  async removeSharedTag(repository: Repository, tag: string): Promise<string | undefined> {
    this.#tags ??= await this.#probe(repository)
    if (this.#tags === 'whole')
      return 'the registry deletes the manifest with the tag, and something that stays needs it'
    if (this.#tags === 'single' && (await this.removeTag(repository, tag))) return undefined
    return 'the registry removes no single tag, and something that stays needs the manifest'
  }

  /** Deletes a manifest by its digest. One that is gone already is no error. */
  async removeManifest(repository: Repository, descriptor: Descriptor): Promise<void> {
    if (!isDeleter(repository)) return
    await unlessMissing(() => repository.delete(descriptor, this.#call))
  }

  async #probe(repository: Repository): Promise<TagRemoval> {
    const [absent, first, second] = PROBES
    // A registry that removes single tags says that it does not have this one; nothing is written before.
    if (!(await this.removeTag(repository, absent))) return 'none'
    const descriptor = await this.#packProbe(repository, first)
    await this.#packProbe(repository, second)
    try {
      if (!(await this.removeTag(repository, first))) return 'none'
      return (await this.#isThere(repository, second)) ? 'single' : 'whole'
    } finally {
      await this.removeTag(repository, second)
      await this.removeManifest(repository, descriptor)
    }
  }

  #packProbe(repository: Repository, tag: string): Promise<Descriptor> {
    const place = { store: repository.name, repository }
    const artifact = { name: `${repository.name}:${tag}`, reference: tag, source: place, target: place }
    const annotations = { 'org.opencontainers.image.created': '1970-01-01T00:00:00Z' }
    return pack(artifact, { ...this.#call, artifactType: 'application/vnd.gpreg.probe.v1', annotations })
  }

  async #isThere(repository: Repository, tag: string): Promise<boolean> {
    return (await unlessMissing(() => repository.resolve(tag, this.#call))) !== undefined
  }
}

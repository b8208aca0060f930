import { GpregError } from '../errors.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { isDigest } from '../model/digest.ts'
import { isTag } from '../model/reference.ts'
import { isDeleter, isTagLister, isUntagger } from '../store/capabilities.ts'
import type { Artifact } from '../store/artifact.ts'
import type { ReadableRepository } from '../store/content.ts'
import type { OperationOptions } from '../operation.ts'
import { fetchManifest } from './fetch.ts'

/**
 * The tags of the repository of an artifact, page after page, in the order of the registry: some do not sort them. Layouts, archives
 * and memory give them in lexical order.
 * @throws `not-found` if a registry does not know the repository
 */
export function tags(
  { source: { repository }, name }: Artifact<ReadableRepository>,
  { signal }: OperationOptions = {},
): AsyncIterable<string> {
  if (isTagLister(repository)) return repository.tags({ signal })
  throw new GpregError('usage', `the store of ${name} lists no tags`, { reference: name })
}

/**
 * Points another tag of the same repository at an artifact. Nothing but the manifest is sent.
 * @throws `not-found`, `reference-invalid`
 */
export async function tag(
  artifact: Artifact,
  name: string,
  options: OperationOptions = {},
): Promise<Descriptor> {
  if (!isTag(name))
    throw new GpregError('reference-invalid', `${JSON.stringify(name.slice(0, 300))} is not a tag`, {
      hint: 'a tag has at most 128 letters, digits and `_.-`, and begins with a letter, a digit or `_`',
    })
  const { descriptor, bytes } = await fetchManifest(artifact, options)
  await artifact.target.repository.tag(name, descriptor, bytes, { signal: options.signal })
  return descriptor
}

/**
 * Removes a tag, or the manifest that a digest names together with all its tags.
 * @throws `not-found`, `forbidden` if something else still needs the content, `protocol` if a registry removes no tags
 */
export async function remove(artifact: Artifact, { signal }: OperationOptions = {}): Promise<void> {
  const { target, reference, name } = artifact
  const { repository } = target
  if (isDigest(reference)) {
    if (!isDeleter(repository)) throw unable(name, 'content')
    await repository.delete(await repository.resolve(reference, { signal }), { signal })
  } else {
    if (!isUntagger(repository)) throw unable(name, 'tags')
    await repository.untag(reference, { signal })
  }
}

function unable(name: string, what: string): GpregError {
  return new GpregError('usage', `the store of ${name} removes no ${what}`, { reference: name })
}

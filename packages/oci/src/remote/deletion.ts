import { GpregError } from '../errors.ts'
import type { Descriptor } from '../model/descriptor.ts'
import type { Call } from '../store/content.ts'
import type { Scope } from './auth/scope.ts'
import { contentPath, type RepositoryApi } from './repository-api.ts'

const DELETED = [202, 200, 204]
/** Statuses of registries that cannot delete a single tag. */
const REFUSED = [400, 405]

/** Deletes a manifest or a blob. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#content-management */
export async function deleteContent(
  api: RepositoryApi,
  descriptor: Descriptor,
  { signal }: Call,
): Promise<void> {
  const url = contentPath(descriptor)
  const response = await api.request({
    method: 'DELETE',
    url,
    expect: DELETED,
    scopes: scopesOf(api),
    signal,
  })
  await response.body.dump()
}

/**
 * Removes one tag and leaves the manifest. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#deleting-tags
 * @throws `not-found`, `protocol` if the registry removes manifests by digest only
 */
export async function deleteTag(api: RepositoryApi, tag: string, { signal }: Call): Promise<void> {
  const expect = [...DELETED, ...REFUSED]
  const request = {
    method: 'DELETE',
    url: `manifests/${tag}`,
    expect,
    scopes: scopesOf(api),
    signal,
  } as const
  const { status, body } = await api.request(request)
  await body.dump()
  if (!REFUSED.includes(status)) return
  const subject = api.subject(tag)
  throw new GpregError('protocol', `${subject.host} removes no single tag (status ${status})`, {
    ...subject,
    status,
    hint: 'remove the manifest by its digest; that takes all tags that point at it',
  })
}

/** Token servers give the right to delete only to those who ask for it. */
function scopesOf({ scopes, name }: RepositoryApi): readonly Scope[] {
  return [...scopes, { repository: name, actions: 'delete' }]
}

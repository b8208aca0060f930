import { expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import { MediaType } from '../../model/descriptor.ts'
import { parseReference } from '../../model/reference.ts'
import { answer, describe, isFor, oddRegistry, refusing, type Oddity } from '../../testing/index.ts'
import { createRegistries } from '../registries.ts'

/** A registry that opens an upload instead of mounting. */
const opening: Oddity = (request, response) => {
  if (!isFor(request, 'POST', /mount=/)) return false
  return answer(response, 202, '', { location: '/v2/app/blobs/uploads/1' })
}

const hanging: Oddity = request => isFor(request, 'DELETE', /uploads/)

it.each([
  ['answers 500 to', refusing('DELETE', /uploads/, 500)],
  ['hangs at', hanging],
])('a host that %s the DELETE of an upload is asked once, and not slowed down', async (_, cancelling) => {
  await using registry = await oddRegistry(opening, cancelling)
  const context = createContext({ sleep: async () => {} })
  const registries = await createRegistries({ env: {}, stallTimeout: 1000 }, context)
  const { repository } = registries.open('target', parseReference(`${registry.host}/app`))
  const before = repository.budget().limit
  const { descriptor } = describe('a layer', MediaType.ociLayerGzip)
  expect(await repository.mount(descriptor, 'other')).toBe(false)
  expect(registry.seen.filter(({ method }) => method === 'DELETE')).toHaveLength(1)
  expect(repository.budget().limit).toBe(before)
  await registries.close()
})

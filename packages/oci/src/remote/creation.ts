import { isGpregError } from '../errors.ts'

/** Creates a repository, for a registry that wants it created before the first push. */
export type CreateRepository = () => Promise<void>

/** Runs a push or a mount. If the registry does not know the repository, it is created and the work is done again. */
export async function creating<T>(work: () => Promise<T>, create: CreateRepository | undefined): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (create === undefined || !isGpregError(error, 'not-found')) throw error
    await create()
    return work()
  }
}

import type { ErrorCode } from '@gpreg/oci'
import {
  formatPrefix,
  unlessAborted,
  type Call,
  type Registries,
  type RegistryPrefix,
} from '@gpreg/oci/engine'

/** What the catalogue of the registry told of the repositories below the prefix. */
export type CatalogueOutcome =
  | {
      readonly read: true
      /** repositories below the prefix that no document names */
      readonly unnamed: number
    }
  | { readonly read: false; readonly code: ErrorCode; readonly reason: string; readonly hint: string }

/** The catalogue, and the names that it has beside the known ones. */
export interface Catalogue {
  readonly outcome: CatalogueOutcome
  readonly unnamed: readonly string[]
}

/**
 * Finds the repositories below a prefix that no document names. A registry that does not give its catalogue is told of and passed
 * over, because what the documents name can be pruned all the same.
 * @param known the repositories that documents name
 * @throws `aborted`
 */
export async function readCatalogue(
  to: RegistryPrefix,
  known: ReadonlySet<string>,
  registries: Pick<Registries, 'repositories'>,
  call: Call,
): Promise<Catalogue> {
  try {
    const found = new Set(await Array.fromAsync(registries.repositories(to, call)))
    const unnamed = [...found.difference(known)].toSorted()
    return { outcome: { read: true, unnamed: unnamed.length }, unnamed }
  } catch (thrown) {
    const { code, message, subject } = unlessAborted(thrown)
    const reason = `the catalogue of ${to.host} cannot be read: ${message}`
    return { outcome: { read: false, code, reason, hint: hintOf(to, subject.status) }, unnamed: [] }
  }
}

function hintOf(to: RegistryPrefix, status: number | undefined): string {
  const why =
    status === 401 || status === 403
      ? 'the login may not list repositories (scope registry:catalog:*); '
      : status === 404 || status === 405
        ? 'this registry has no catalogue; '
        : ''
  return `${why}repositories below ${formatPrefix(to)} that no document names are not found, and stay: name them with --mirrored, by a receipt of gpreg verify --receipt`
}

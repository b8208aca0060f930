import { importsOf } from '../workspace/imports.ts'
import { readPackages } from '../workspace/packages.ts'
import { readSources } from '../workspace/sources.ts'
import { isLibrary } from './manifest.ts'

/** Imports of our packages that work in this workspace only, because npm gets no such entry. */
export function entryFaults(repo: string): string[] {
  const packages = readPackages(repo)
  const entries = new Set(packages.flatMap(each => [...each.entries.keys()]))
  const libraries = packages.filter(({ json }) => isLibrary(json))
  return importsOf(readSources(repo, libraries), packages)
    .filter(({ specifier }) => !specifier.startsWith('.') && !entries.has(specifier))
    .map(({ from, line, specifier }) => `${from}:${line} imports ${specifier}, which is no entry for npm`)
}

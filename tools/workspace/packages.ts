import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The fields of a package.json that these tools read. */
export interface PackageJson {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly bin?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

/** One package of the workspace. */
export interface Package {
  /** Path in the repository: `packages/oci`. */
  readonly folder: string
  /** Last part of the path: `oci`. */
  readonly short: string
  readonly json: PackageJson
  /** Files that others may import, by specifier: `@gpreg/oci` → `packages/oci/src/index.ts`. */
  readonly entries: ReadonlyMap<string, string>
}

/** The packages below `packages/`, in the order of their names. */
export function readPackages(repo: string): Package[] {
  return globSync('packages/*/package.json', { cwd: repo })
    .sort()
    .map(path => {
      const json: PackageJson = JSON.parse(readFileSync(join(repo, path), 'utf8'))
      const folder = dirname(path)
      return { folder, short: folder.slice('packages/'.length), json, entries: entriesOf(folder, json) }
    })
}

/** A package exports the entries for everybody, `./testing` and wildcards only for this workspace. */
export const isPublicEntry = (subpath: string) => !/^\.\/testing(\/|$)|\*/.test(subpath)

function entriesOf(folder: string, { name, exports = {} }: PackageJson): ReadonlyMap<string, string> {
  const files = Object.entries(exports).flatMap(([subpath, conditions]) => {
    const source = conditions['gpreg-source']
    return source !== undefined && isPublicEntry(subpath) ? [[subpath, source] as const] : []
  })
  return new Map(files.map(([subpath, source]) => [join(name, subpath), join(folder, source)]))
}

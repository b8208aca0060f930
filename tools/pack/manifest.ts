import { isPublicEntry, type PackageJson } from '../workspace/packages.ts'

/** A package that others import, as opposed to a command. */
export const isLibrary = ({ exports, bin }: PackageJson) => exports !== undefined && bin === undefined

/** The package.json for npm: no condition, entry or field that is of use in this workspace only. */
export function publishedManifest(json: PackageJson): PackageJson {
  const { devDependencies: _versions, nx: _nx, private: _private, scripts: _scripts, ...published } = json
  return {
    ...published,
    ...(json.exports !== undefined && { exports: publishedExports(json.exports) }),
    // The folder that is packed has what is wanted and nothing else.
    files: filesOf(json).filter(pattern => !pattern.startsWith('!')),
  }
}

export const filesOf = ({ files }: PackageJson): string[] =>
  Array.isArray(files) ? files.filter(each => typeof each === 'string') : []

function publishedExports(exports: NonNullable<PackageJson['exports']>): NonNullable<PackageJson['exports']> {
  const entries = Object.entries(exports).filter(([subpath]) => isPublicEntry(subpath))
  return Object.fromEntries(entries.map(([subpath, conditions]) => [subpath, withoutSource(conditions)]))
}

const withoutSource = (conditions: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(conditions).filter(([condition]) => condition !== 'gpreg-source'))

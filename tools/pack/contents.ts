import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { isLibrary } from './manifest.ts'
import type { PackageJson } from '../workspace/packages.ts'
import type { Tarball } from './tarballs.ts'

/** What a tarball lacks, and what it has by mistake. */
export function contentFaults({ package: { json }, files }: Tarball): string[] {
  const wanted = [
    'LICENSE',
    'README.md',
    'package.json',
    ...(isLibrary(json) ? ['dist/index.js', 'dist/index.d.ts'] : []),
  ]
  const missing = wanted.filter(path => !files.includes(path))
  const surplus = files.filter(isSurplus)
  return [
    ...missing.map(path => `${json.name} has no ${path}`),
    ...(files.some(path => path.startsWith('dist/')) ? [] : [`${json.name} has no dist`]),
    ...surplus.map(path => `${json.name} has ${path}`),
  ]
}

/** Tests, their helpers, sources and what the compiler notes for itself. */
const isSurplus = (path: string) =>
  /\.test\.|\.tsbuildinfo$|(?<!\.js)\.map$|(?<!\.d)\.ts$/.test(path) ||
  path.split('/').some(part => /^(src|tests?|testing)$/.test(part))

/** What the package.json for npm says of our workspace by mistake, and what a library's lacks for bundlers. */
export function manifestFaults(name: string, manifest: string): string[] {
  const json: PackageJson = JSON.parse(manifest)
  const ours = ['gpreg-source', '"devDependencies"', '"nx"', './testing', './*']
  return [
    ...ours.filter(each => manifest.includes(each)).map(each => `package.json of ${name} has ${each}`),
    ...(isLibrary(json) && json['sideEffects'] !== false
      ? [`package.json of ${name} lets bundlers drop nothing: sideEffects is not false`]
      : []),
  ]
}

/** Compiled files of a library without a source map, and maps without the sources that they are of. */
export function mapFaults({ package: { json }, files }: Tarball, folder: string): string[] {
  if (!isLibrary(json)) return []
  const read = (path: string) => readFileSync(join(folder, path), 'utf8')
  return files
    .filter(path => path.endsWith('.js'))
    .flatMap(path => {
      const map = `${path}.map`
      if (!files.includes(map) || !read(path).includes(`//# sourceMappingURL=${basename(map)}`))
        return [`${json.name}: ${path} has no source map`]
      const { sources = [], sourcesContent = [] }: Partial<SourceMap> = JSON.parse(read(map))
      const isWhole = sources.length > 0 && sources.every((_, at) => typeof sourcesContent[at] === 'string')
      return isWhole ? [] : [`${json.name}: ${map} lacks its sources`]
    })
}

/** https://tc39.es/ecma426/ */
interface SourceMap {
  readonly sources: readonly string[]
  readonly sourcesContent: readonly (string | null)[]
}

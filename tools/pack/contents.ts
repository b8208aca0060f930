import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isLibrary } from './manifest.ts'
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

/** Tests, their helpers, sources, source maps and what the compiler notes for itself. */
const isSurplus = (path: string) =>
  /\.test\.|\.tsbuildinfo$|\.map$|(?<!\.d)\.ts$/.test(path) ||
  path.split('/').some(part => /^(src|tests?|testing)$/.test(part))

/** What the package.json for npm says of our workspace by mistake. */
export function manifestFaults(name: string, manifest: string): string[] {
  const ours = ['gpreg-source', '"devDependencies"', '"nx"', './testing', './*']
  return ours.filter(each => manifest.includes(each)).map(each => `package.json of ${name} has ${each}`)
}

/** Compiled files that ask for a source map, which is not there. */
export function mapFaults({ package: { json }, files }: Tarball, folder: string): string[] {
  if (!isLibrary(json)) return []
  return files
    .filter(path => path.endsWith('.js'))
    .filter(path => /^\/\/# sourceMappingURL=/m.test(readFileSync(join(folder, path), 'utf8')))
    .map(path => `${json.name}: ${path} names a source map, which is not there`)
}

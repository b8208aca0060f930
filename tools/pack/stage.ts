import { cpSync, existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Package } from '../workspace/packages.ts'
import { isSource } from '../workspace/sources.ts'
import { filesOf, isLibrary, publishedManifest } from './manifest.ts'

/** Copies what npm gets of a package into an empty folder. The package must be built. */
export function stagePackage(repo: string, each: Package, folder: string): void {
  const root = join(repo, each.folder)
  const paths = isLibrary(each.json) ? outputsOf(root) : commandFiles(root, filesOf(each.json))
  for (const path of ['README.md', ...paths]) copy(join(root, path), join(folder, path))
  copy(join(repo, 'LICENSE'), join(folder, 'LICENSE'))
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify(publishedManifest(each.json), undefined, 2)}\n`,
  )
}

/**
 * The compiled files of a library, found by its sources: tests and their helpers stay out, and so does what the compiler left of
 * sources that are gone. The source maps have the sources in them, so a debugger needs no other file.
 */
function outputsOf(root: string): string[] {
  return globSync('src/**/*.ts', { cwd: root })
    .filter(isSource)
    .map(path => join('dist', relative('src', path)).replace(/\.ts$/, ''))
    .flatMap(path => [`${path}.js`, `${path}.js.map`, `${path}.d.ts`])
}

function commandFiles(root: string, patterns: readonly string[]): string[] {
  const found = patterns.flatMap(pattern =>
    globSync([pattern, `${pattern}/**`], { cwd: root, withFileTypes: true }),
  )
  return found
    .filter(entry => entry.isFile())
    .map(entry => relative(root, join(entry.parentPath, entry.name)))
}

function copy(from: string, to: string): void {
  if (!existsSync(from)) throw new Error(`${from} is missing: a package needs it`)
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to)
}

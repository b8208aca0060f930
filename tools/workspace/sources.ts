import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import type { Package } from './packages.ts'

/** One source file, parsed. */
export interface Source {
  /** Path in the repository: `packages/oci/src/errors.ts`. */
  readonly path: string
  /** Folder of the package: `packages/oci`. */
  readonly package: string
  readonly lines: number
  readonly tree: ts.SourceFile
}

/** Tests and their helpers are not source. */
export const isSource = (path: string) => !/\.test\.ts$|(^|\/)testing\//.test(path)

/** The source files of the packages: `src/` without tests and `testing/`. */
export function readSources(repo: string, packages: readonly Package[]): Source[] {
  return packages.flatMap(({ folder }) =>
    globSync(`${folder}/src/**/*.ts`, { cwd: repo })
      .filter(isSource)
      .sort()
      .map(path => parseSource(path, folder, readFileSync(join(repo, path), 'utf8'))),
  )
}

export function parseSource(path: string, folder: string, text: string): Source {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  return { path, package: folder, lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0), tree }
}

/** Calls `visit` for every node of a file, outer nodes first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, child => walk(child, visit))
}

/** Line of a position in a file, from 1. */
export const lineOf = ({ tree }: Source, position: number) =>
  tree.getLineAndCharacterOfPosition(position).line + 1

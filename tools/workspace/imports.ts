import { join } from 'node:path'
import ts from 'typescript'
import type { Package } from './packages.ts'
import { lineOf, walk, type Source } from './sources.ts'

/** One import of a file of this workspace by another one; imports of types count. */
export interface Import {
  readonly from: string
  readonly line: number
  readonly specifier: string
  readonly to: string
}

/** The imports between files of the workspace. Those of Node and of other packages are left out. */
export function importsOf(sources: readonly Source[], packages: readonly Package[]): Import[] {
  return sources.flatMap(source =>
    specifiersOf(source).flatMap(({ text, position }) => {
      const to = resolve(source.path, text, packages)
      return to === undefined
        ? []
        : [{ from: source.path, line: lineOf(source, position), specifier: text, to }]
    }),
  )
}

function specifiersOf({ tree }: Source): { readonly text: string; readonly position: number }[] {
  const found: { text: string; position: number }[] = []
  walk(tree, node => {
    const specifier = specifierOf(node)
    if (specifier !== undefined && ts.isStringLiteral(specifier)) {
      found.push({ text: specifier.text, position: specifier.getStart(tree) })
    }
  })
  return found
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isImportTypeNode(node))
    return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return node.arguments[0]
  return undefined
}

function resolve(from: string, specifier: string, packages: readonly Package[]): string | undefined {
  // A file of an installed package belongs to no room.
  if (specifier.includes('/node_modules/')) return undefined
  if (specifier.startsWith('.')) return join(from, '..', specifier)
  const target = packages.find(({ json }) => specifier === json.name || specifier.startsWith(`${json.name}/`))
  if (target === undefined) return undefined
  const entry = target.entries.get(specifier)
  if (entry !== undefined) return entry
  // What is no entry is reached by a wildcard of `exports`, or by `./testing`.
  const subpath = `.${specifier.slice(target.json.name.length)}`
  return wildcard(target, subpath) ?? join(target.folder, 'src', `${subpath}.ts`)
}

function wildcard({ folder, json }: Package, subpath: string): string | undefined {
  const source = json.exports?.[subpath]?.['gpreg-source']
  return source === undefined ? undefined : join(folder, source)
}

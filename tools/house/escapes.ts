import ts from 'typescript'
import { lineOf, walk, type Source } from '../workspace/sources.ts'

/** Places where a file leaves the protection of types and lint. */
export interface Escapes {
  readonly any: readonly string[]
  readonly lintOff: readonly string[]
  readonly casts: readonly string[]
  /** `value!`, and `name!: Type`. */
  readonly nonNull: readonly string[]
}

const LINT_OFF = /eslint-disable|@ts-(ignore|expect-error|nocheck)|prettier-ignore/

export function escapesOf(source: Source): Escapes {
  const places = { any: [] as string[], casts: [] as string[], nonNull: [] as string[] }
  walk(source.tree, node => {
    const kind = kindOf(node)
    if (kind !== undefined) places[kind].push(placeOf(source, node.getStart(source.tree)))
  })
  return { ...places, lintOff: lintOff(source) }
}

const placeOf = (source: Source, position: number) => `${source.path}:${lineOf(source, position)}`

function kindOf(node: ts.Node): 'any' | 'casts' | 'nonNull' | undefined {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return 'any'
  if (ts.isNonNullExpression(node) || isDefinite(node)) return 'nonNull'
  return ts.isAssertionExpression(node) && !ts.isConstTypeReference(node.type) ? 'casts' : undefined
}

const isDefinite = (node: ts.Node) =>
  (ts.isPropertyDeclaration(node) || ts.isVariableDeclaration(node)) && node.exclamationToken !== undefined

function lintOff(source: Source): string[] {
  const { text } = source.tree
  const comments = new Map<number, ts.CommentRange>()
  walk(source.tree, node => {
    const around = [
      ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(text, node.getEnd()) ?? []),
    ]
    for (const comment of around) comments.set(comment.pos, comment)
  })
  return [...comments.values()]
    .filter(({ pos, end }) => LINT_OFF.test(text.slice(pos, end)))
    .map(({ pos }) => placeOf(source, pos))
}

import ts from 'typescript'
import { lineOf, walk, type Source } from '../workspace/sources.ts'

/** The size of one function. */
export interface FunctionSize {
  readonly name: string
  readonly path: string
  readonly line: number
  readonly lines: number
  /** Cyclomatic complexity: branches and short-circuiting operators. Default values and `?.` do not count. */
  readonly complexity: number
}

type FunctionNode = ts.FunctionLikeDeclaration & { readonly body: ts.ConciseBody }

export function functionsOf(source: Source): FunctionSize[] {
  const found: FunctionSize[] = []
  walk(source.tree, node => {
    if (!isFunction(node)) return
    const line = lineOf(source, node.getStart(source.tree))
    found.push({
      name: nameOf(node),
      path: source.path,
      line,
      lines: lineOf(source, node.getEnd()) - line + 1,
      complexity: complexityOf(node),
    })
  })
  return found
}

const isFunction = (node: ts.Node): node is FunctionNode =>
  ts.isFunctionLike(node) && 'body' in node && node.body !== undefined

/** A function without a name goes by that of the variable or property that holds it. */
function nameOf(node: FunctionNode): string {
  if (ts.isConstructorDeclaration(node)) return 'constructor'
  const holder = node.name ?? ('name' in node.parent ? node.parent.name : undefined)
  return holder !== undefined && isNode(holder) ? holder.getText() : '(anonymous)'
}

const isNode = (value: unknown): value is ts.Node =>
  typeof value === 'object' && value !== null && 'kind' in value

/** One way through the function, and one more for each branch. Functions inside it count for themselves. */
function complexityOf(node: FunctionNode): number {
  let ways = 1
  const count = (inner: ts.Node): void => {
    if (isFunction(inner)) return
    if (branches(inner)) ways++
    ts.forEachChild(inner, count)
  }
  ts.forEachChild(node, count)
  return ways
}

const BRANCHES = new Set([
  ts.SyntaxKind.IfStatement,
  ts.SyntaxKind.ConditionalExpression,
  ts.SyntaxKind.ForStatement,
  ts.SyntaxKind.ForInStatement,
  ts.SyntaxKind.ForOfStatement,
  ts.SyntaxKind.WhileStatement,
  ts.SyntaxKind.DoStatement,
  ts.SyntaxKind.CaseClause,
])

const BRANCHING_OPERATORS = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
])

function branches(node: ts.Node): boolean {
  if (ts.isBinaryExpression(node)) return BRANCHING_OPERATORS.has(node.operatorToken.kind)
  return BRANCHES.has(node.kind)
}

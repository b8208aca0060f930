import ts from 'typescript'
import type { Package } from '../workspace/packages.ts'
import type { Source } from '../workspace/sources.ts'

/** The names that an entry exports. */
export interface PublicNames {
  readonly values: readonly string[]
  readonly types: readonly string[]
}

/** What the entries of a package export, each by its specifier: `@gpreg/oci/engine`. */
export function publicNames({ entries }: Package, sources: readonly Source[]): Map<string, PublicNames> {
  const found = new Map<string, PublicNames>()
  for (const [specifier, path] of entries) {
    const entry = sources.find(source => source.path === path)
    if (entry !== undefined) found.set(specifier, namesOf(entry))
  }
  return found
}

function namesOf({ tree }: Source): PublicNames {
  const names = tree.statements.flatMap(exportedBy)
  const of = (type: boolean) => names.filter(name => name.type === type).map(({ text }) => text)
  return { values: of(false), types: of(true) }
}

interface Name {
  readonly text: string
  readonly type: boolean
}

function exportedBy(statement: ts.Statement): Name[] {
  if (ts.isExportDeclaration(statement)) return listed(statement)
  if (!ts.canHaveModifiers(statement) || !isExported(statement)) return []
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => ({ text: name.getText(), type: false }))
  }
  const type = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)
  const named = type || ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)
  return named ? [{ text: statement.name?.text ?? 'default', type }] : []
}

function listed({ exportClause, isTypeOnly }: ts.ExportDeclaration): Name[] {
  if (exportClause === undefined) return [{ text: '*', type: isTypeOnly }]
  if (!ts.isNamedExports(exportClause)) return [{ text: exportClause.name.text, type: isTypeOnly }]
  return exportClause.elements.map(element => ({
    text: element.name.text,
    type: isTypeOnly || element.isTypeOnly,
  }))
}

const isExported = (statement: ts.HasModifiers) =>
  ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false

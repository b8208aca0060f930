import ts from 'typescript'

/**
 * The types that the public signatures of an entry name, but that it does not export: a program could use such a value, and not write
 * down its type.
 * @param entry path of the entry, such as `packages/oci/src/index.ts`
 * @returns `NAME, named by EXPORT`, in the order of the exports
 */
export function unexportedTypes(entry: string): string[] {
  const program = ts.createProgram([entry], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2024,
    allowImportingTsExtensions: true,
    noEmit: true,
    types: ['node'],
  })
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(entry)
  const module = source && checker.getSymbolAtLocation(source)
  if (module === undefined) throw new Error(`${entry} exports nothing`)
  const resolved = (symbol: ts.Symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const exports = checker.getExportsOfModule(module)
  const exported = new Set(exports.map(resolved))
  const found = new Set<string>()
  for (const symbol of exports)
    for (const named of typeNames(resolved(symbol), isTypeOnly(symbol))) {
      const type = checker.getSymbolAtLocation(named)
      if (type !== undefined && isOfPackage(resolved(type)) && !exported.has(resolved(type)))
        found.add(`${named.text}, named by ${symbol.name}`)
    }
  return [...found]
}

/** Whether a type is declared at the top of a file of this workspace, and not a parameter of a type or a part of Node. */
function isOfPackage({ declarations = [] }: ts.Symbol): boolean {
  return declarations.some(
    declaration =>
      ts.isSourceFile(declaration.parent) && !declaration.getSourceFile().fileName.includes('/node_modules/'),
  )
}

/** Whether a name is exported by `export type`: then nobody calls the constructor of a class. */
function isTypeOnly({ declarations = [] }: ts.Symbol): boolean {
  return declarations.some(each => ts.isExportSpecifier(each) && ts.isTypeOnlyExportDeclaration(each))
}

/** The names of types in what others see of a symbol: no bodies, no initial values, nothing private. */
function typeNames({ declarations = [] }: ts.Symbol, isOnlyType: boolean): ts.Identifier[] {
  const names: ts.Identifier[] = []
  const visit = (node: ts.Node): void => {
    if (isHidden(node) || (isOnlyType && ts.isConstructorDeclaration(node))) return
    if (ts.isTypeReferenceNode(node)) names.push(lastOf(node.typeName))
    if (ts.isExpressionWithTypeArguments(node) && ts.isIdentifier(node.expression))
      names.push(node.expression)
    ts.forEachChild(node, visit)
  }
  declarations.forEach(visit)
  return names
}

function isHidden(node: ts.Node): boolean {
  if (ts.isBlock(node) || (ts.isExpression(node) && !ts.isExpressionWithTypeArguments(node))) return true
  if (ts.isClassElement(node) && node.name !== undefined && ts.isPrivateIdentifier(node.name)) return true
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : []
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)
}

function lastOf(name: ts.EntityName): ts.Identifier {
  return ts.isIdentifier(name) ? name : name.right
}

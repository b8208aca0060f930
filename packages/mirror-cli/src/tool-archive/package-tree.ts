import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** An installed package and its place in an archive. */
export interface PackedPackage {
  readonly source: string
  /** below the root of the archive */
  readonly target: string
}

/**
 * A package and all its dependencies, with places from which Node resolves each name to the same package as here. The package
 * itself comes first.
 */
export async function packageTree(root: string, target: string): Promise<readonly PackedPackage[]> {
  const packed = new Map<string, PackedPackage>()
  const visit = async (source: string, target: string, above: readonly PackedPackage[]): Promise<void> => {
    if (packed.has(target)) return
    const self = { source, target }
    packed.set(target, self)
    for (const name of await dependenciesOf(source)) {
      const modules = await findModules(name, source)
      // A missing optional dependency is for another system.
      if (modules === undefined) continue
      const owner = [self, ...above].find(each => modules === join(each.source, 'node_modules'))
      const place = join(owner?.target ?? '', 'node_modules', name)
      await visit(await realpath(join(modules, name)), place, owner === self ? [self, ...above] : above)
    }
  }
  await visit(await realpath(root), target, [])
  return [...packed.values()]
}

async function dependenciesOf(source: string): Promise<string[]> {
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
    await readFile(join(source, 'package.json'), 'utf8'),
  ) as Partial<Record<'dependencies' | 'optionalDependencies', Record<string, string>>>
  return Object.keys({ ...dependencies, ...optionalDependencies })
}

/** The nearest `node_modules` with a package, searched upwards as Node does. */
async function findModules(name: string, from: string): Promise<string | undefined> {
  for (let at = from; ; at = dirname(at)) {
    const modules = join(at, 'node_modules')
    const isThere = await stat(join(modules, name, 'package.json')).then(
      () => true,
      () => false,
    )
    if (isThere) return modules
    if (at === dirname(at)) return undefined
  }
}

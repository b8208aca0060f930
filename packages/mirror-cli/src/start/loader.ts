import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { Script } from 'node:vm'
import { CodeCache } from './code-cache.ts'

/** Runs a file of the built command by its absolute path, if it has not run yet. @returns what it exports */
export type Load = (path: string) => unknown

/** A file as a function, as in CommonJS. */
type Run = (exports: unknown, require: Load, module: Module, filename: string, dirname: string) => void

interface Module {
  exports: unknown
}

/** Node's own loader, for what is not part of the built command. */
const loadByNode = createRequire(import.meta.url)

/** The caches of this process; undefined once they are written. */
let caches: CodeCache[] | undefined = []

/**
 * Keeps the compiled code of this process for the next start. What is compiled later is compiled anew at every start. This comes before
 * any change of V8's flags, because V8 takes compiled code only under the flags that it was kept under.
 */
export function keepCompiledCode(): void {
  for (const cache of caches ?? []) cache.write()
  caches = undefined
}

/**
 * Loads files of the built command, which are scripts, with their compiled code. The files that a command loads have a cache of their own,
 * because each command calls other functions of the files that they share.
 * @param root absolute path of their directory
 * @param cacheDirectory where compiled code is kept; default: nowhere
 */
export function createLoader(root: string, cacheDirectory: string | undefined): Load {
  const modules = new Map<string, Module>()
  const build = readFileSync(join(root, 'package.json'), 'utf8')

  const load = (path: string, cache: CodeCache | undefined): unknown => {
    // What Node loaded itself is not loaded again.
    const known = modules.get(path) ?? loadByNode.cache[path]
    if (known !== undefined) return known.exports
    const module: Module = { exports: {} }
    modules.set(path, module)
    const directory = dirname(path)
    const require = (id: string) =>
      id.startsWith('.') ? load(join(directory, id), cache) : (process.getBuiltinModule(id) ?? loadByNode(id))
    compile(path, cache)(module.exports, require, module, path, directory)
    return module.exports
  }

  return path => {
    if (caches === undefined || cacheDirectory === undefined) return load(path, undefined)
    const name = relative(root, path).replaceAll(/[/\\]/g, '-').replace(/\.js$/, '')
    const cache = new CodeCache(join(cacheDirectory, name), build)
    caches.push(cache)
    return load(path, cache)
  }
}

function compile(path: string, cache: CodeCache | undefined): Run {
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(path, 'utf8')}\n})`
  if (caches === undefined || cache === undefined)
    return new Script(source, { filename: path }).runInThisContext()
  const name = basename(path)
  const script = new Script(source, { filename: path, cachedData: cache.codeOf(name) })
  cache.add(name, script)
  return script.runInThisContext()
}

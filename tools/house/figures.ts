import { dirname } from 'node:path'
import { circlesOf, graphOf } from '../workspace/circles.ts'
import { importsOf } from '../workspace/imports.ts'
import { readPackages, type Package } from '../workspace/packages.ts'
import { readSources, type Source } from '../workspace/sources.ts'
import { escapesOf, type Escapes } from './escapes.ts'
import { functionsOf, type FunctionSize } from './functions.ts'
import { publicNames, type PublicNames } from './public-names.ts'

/** The figures of some source files. */
export interface Figures {
  readonly files: number
  readonly lines: number
  readonly medianLines: number
  readonly longest: { readonly path: string; readonly lines: number }
  readonly functions: number
  /** Functions over 50 lines, the longest first. */
  readonly longFunctions: readonly FunctionSize[]
  /** Functions with a cyclomatic complexity over 10, the most complex first. */
  readonly complexFunctions: readonly FunctionSize[]
  readonly escapes: Escapes
  readonly castsPer1000: number
  readonly nonNullPer1000: number
  /** The folders with their numbers of source files, the fullest first. */
  readonly folders: readonly { readonly path: string; readonly files: number }[]
}

/** The figures of the whole tree and of each package. */
export interface House {
  readonly all: Figures
  readonly packages: Readonly<Record<string, Figures>>
  /** Files that import each other, imports of types included. */
  readonly circles: readonly (readonly string[])[]
  /** What each entry of a package exports, by specifier. */
  readonly publicNames: Readonly<Record<string, PublicNames>>
}

export const LONG_FUNCTION = 50
export const COMPLEX_FUNCTION = 10

export function measure(repo: string): House {
  const packages = readPackages(repo)
  const sources = readSources(repo, packages)
  const ofPackage = ({ folder }: Package) => sources.filter(source => source.package === folder)
  const filled = packages.filter(each => ofPackage(each).length > 0)
  return {
    all: figuresOf(sources),
    packages: Object.fromEntries(filled.map(each => [each.folder, figuresOf(ofPackage(each))])),
    circles: circlesOf(graphOf(importsOf(sources, packages))),
    publicNames: Object.fromEntries(packages.flatMap(each => [...publicNames(each, sources)])),
  }
}

export function figuresOf(sources: readonly Source[]): Figures {
  const lines = sources.map(source => source.lines).sort((a, b) => a - b)
  const total = lines.reduce((sum, each) => sum + each, 0)
  const functions = sources.flatMap(functionsOf)
  const escapes = together(sources.map(escapesOf))
  const per1000 = (places: readonly string[]) => (places.length * 1000) / Math.max(total, 1)
  const longest = sources.toSorted((a, b) => b.lines - a.lines)[0]
  return {
    files: sources.length,
    lines: total,
    medianLines: medianOf(lines),
    longest: { path: longest?.path ?? '', lines: longest?.lines ?? 0 },
    functions: functions.length,
    longFunctions: functions.filter(each => each.lines > LONG_FUNCTION).sort((a, b) => b.lines - a.lines),
    complexFunctions: functions
      .filter(each => each.complexity > COMPLEX_FUNCTION)
      .sort((a, b) => b.complexity - a.complexity),
    escapes,
    castsPer1000: per1000(escapes.casts),
    nonNullPer1000: per1000(escapes.nonNull),
    folders: foldersOf(sources),
  }
}

function medianOf(sorted: readonly number[]): number {
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}

const together = (all: readonly Escapes[]): Escapes => ({
  any: all.flatMap(each => each.any),
  lintOff: all.flatMap(each => each.lintOff),
  casts: all.flatMap(each => each.casts),
  nonNull: all.flatMap(each => each.nonNull),
})

function foldersOf(sources: readonly Source[]): Figures['folders'] {
  const numbers = new Map<string, number>()
  for (const { path } of sources) numbers.set(dirname(path), (numbers.get(dirname(path)) ?? 0) + 1)
  return [...numbers].map(([path, files]) => ({ path, files })).sort((a, b) => b.files - a.files)
}

import { describe, expect, it } from 'vitest'
import { parseSource } from '../workspace/sources.ts'
import { figuresOf, type House } from './figures.ts'
import { functionsOf } from './functions.ts'
import { passedLimits } from './limits.ts'
import { publicNames } from './public-names.ts'

const source = (text: string, path = 'packages/a/src/a.ts') => parseSource(path, 'packages/a', text)

describe('figuresOf', () => {
  it('counts what leaves the protection of types and lint, and nothing that only looks like it', () => {
    const { escapes } = figuresOf([
      source(`
        const a = b! as unknown as string
        const c = [1] as const
        const d = x !== y && !z
        let e!: any
        // eslint-disable-next-line
        const f = 'as any // eslint-disable' // @ts-expect-error
      `),
    ])
    expect(escapes.casts).toHaveLength(2)
    expect(escapes.nonNull).toHaveLength(2)
    expect(escapes.any).toEqual(['packages/a/src/a.ts:5'])
    expect(escapes.lintOff).toHaveLength(2)
  })

  it('gives the median and the longest file, and the fullest folder', () => {
    const sources = [1, 2, 6].map(lines => source('x\n'.repeat(lines), `packages/a/src/${lines}.ts`))
    expect(figuresOf([...sources, source('x\n', 'packages/a/src/b/c.ts')])).toMatchObject({
      files: 4,
      medianLines: 1.5,
      longest: { path: 'packages/a/src/6.ts', lines: 6 },
      folders: [
        { path: 'packages/a/src', files: 3 },
        { path: 'packages/a/src/b', files: 1 },
      ],
    })
  })
})

describe('functionsOf', () => {
  it('names functions by what holds them, and measures each for itself', () => {
    const text = `class A {
  #run(a?: B) { return a?.b && a.c ? 1 : 2 }
}
const outer = () => {
  if (x) return
  return list.map(each => each || 0)
}`
    const short = functionsOf(source(text)).map(({ name, lines, complexity }) => [name, lines, complexity])
    expect(short).toEqual([
      ['#run', 1, 3],
      ['outer', 4, 2],
      ['(anonymous)', 1, 2],
    ])
  })
})

it('publicNames tells values from types', () => {
  const text = `
    export { a, b as c } from './x.ts'
    export { type T } from './x.ts'
    export type { U } from './y.ts'
    export const d = 1
    export interface V {}
    export function e() {}
    const hidden = 1`
  const entries = new Map([['@x/a', 'packages/a/src/a.ts']])
  const json = { name: '@x/a', version: '1.0.0' }
  const names = publicNames({ folder: 'packages/a', short: 'a', json, entries }, [source(text)])
  expect(names.get('@x/a')).toEqual({ values: ['a', 'c', 'd', 'e'], types: ['T', 'U', 'V'] })
})

describe('passedLimits', () => {
  const house = (text: string, rest: Partial<House> = {}): House => ({
    all: figuresOf([source(text)]),
    packages: {},
    circles: [],
    publicNames: {},
    ...rest,
  })

  it('has nothing to say of a tidy tree', () => {
    expect(passedLimits(house('const a = 1\n'))).toEqual([])
  })

  it('names what passes a limit', () => {
    const long = `function long() {\n${'x()\n'.repeat(60)}}\nconst a = b!\n`
    const names = { values: Array.from({ length: 61 }, String), types: [] }
    const circles = [['a.ts', 'b.ts']]
    expect(passedLimits(house(long, { circles, publicNames: { '@gpreg/core': names } }))).toEqual([
      expect.stringContaining('non-null assertions per 1000 lines'),
      'long (packages/a/src/a.ts:1) has 62 lines, at most 60 are allowed',
      'these files import each other: a.ts, b.ts',
      '@gpreg/core exports 61 values, at most 60 are allowed',
    ])
  })

  it('counts the files of every folder', () => {
    const sources = Array.from({ length: 32 }, (_, at) => source('', `packages/a/src/${at % 2}/${at}.ts`))
    expect(passedLimits({ ...house(''), all: figuresOf(sources) })).toEqual([
      'packages/a/src/0 has 16 source files, at most 15 are allowed in a folder',
      'packages/a/src/1 has 16 source files, at most 15 are allowed in a folder',
    ])
  })
})

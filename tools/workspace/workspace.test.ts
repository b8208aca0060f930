import { describe, expect, it } from 'vitest'
import { circlesOf, graphOf } from './circles.ts'
import { importsOf } from './imports.ts'
import type { Package } from './packages.ts'
import { isSource, parseSource } from './sources.ts'

const OCI: Package = {
  folder: 'packages/oci',
  short: 'oci',
  json: {
    name: '@gpreg/oci',
    version: '0.1.0',
    exports: { './testing': { 'gpreg-source': './src/testing/index.ts' } },
  },
  entries: new Map([['@gpreg/oci', 'packages/oci/src/index.ts']]),
}

describe('importsOf', () => {
  const targets = (text: string) =>
    importsOf([parseSource('packages/core/src/a/b.ts', 'packages/core', text)], [OCI]).map(({ to }) => to)

  it('finds values, types, exports and imports at run time', () => {
    const text = [
      "import { x } from './x.ts'",
      "import type { Y } from '../y.ts'",
      "export { z } from '../z/z.ts'",
      "const late = await import('./late.ts')",
      "type T = import('./type.ts').T",
    ]
    expect(targets(text.join('\n'))).toEqual([
      'packages/core/src/a/x.ts',
      'packages/core/src/y.ts',
      'packages/core/src/z/z.ts',
      'packages/core/src/a/late.ts',
      'packages/core/src/a/type.ts',
    ])
  })

  it('resolves packages of the workspace by their exports, and leaves others out', () => {
    expect(targets("import '@gpreg/oci'; import 'yaml'; import 'node:fs'")).toEqual([
      'packages/oci/src/index.ts',
    ])
    expect(targets("import '@gpreg/oci/testing'")).toEqual(['packages/oci/src/testing/index.ts'])
    expect(targets("import '@gpreg/oci/copy/plan'")).toEqual(['packages/oci/src/copy/plan.ts'])
  })

  it('looks at code, not at text', () => {
    expect(targets("// import './a.ts'\nconst text = `import './b.ts'`")).toEqual([])
  })
})

describe('circlesOf', () => {
  const circles = (...arrows: string[]) =>
    circlesOf(graphOf(arrows.map(([from = '', to = '']) => ({ from, to }))))

  it('finds none in a tree', () => {
    expect(circles('ab', 'ac', 'bd', 'cd')).toEqual([])
  })

  it('finds each set of nodes that reach each other', () => {
    expect(circles('ab', 'bc', 'ca', 'cd', 'de', 'ed', 'af')).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ])
    expect(circles('ab', 'bc', 'cb', 'ca')).toEqual([['a', 'b', 'c']])
  })
})

it('tests and their helpers are not source', () => {
  const paths = [
    'src/a.ts',
    'src/a.test.ts',
    'src/testing/b.ts',
    'src/store/testing/c.ts',
    'src/attesting.ts',
  ]
  expect(paths.filter(isSource)).toEqual(['src/a.ts', 'src/attesting.ts'])
})

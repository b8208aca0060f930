import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { exists, missingPaths } from './missing-paths.ts'
import { namedPaths } from './named-paths.ts'

it('the documents name only paths that exist', () => {
  expect(missingPaths(fileURLToPath(new URL('../..', import.meta.url)))).toEqual([])
})

describe('namedPaths', () => {
  const paths = (markdown: string) => namedPaths(markdown).map(({ path }) => path)

  it('takes links and paths in backticks', () => {
    expect(paths('See [ADR 1](adr/0001.md#why), `packages/oci`, `core/src/a.ts:12` and `b.ts`.')).toEqual([
      'adr/0001.md',
      'packages/oci',
      'core/src/a.ts',
      'b.ts',
    ])
  })

  it('leaves out addresses, anchors, patterns, what a build writes, and blocks of code', () => {
    const text = '[a](https://x.y/z.ts) [b](#b) `packages/*/src` `packages/a/dist` `.ts` `--flag` `x/y`'
    expect(paths(`${text}\n\n\`\`\`sh\n\`tools/x.ts\`\n\`\`\`\n`)).toEqual([])
  })

  it('knows the line', () => {
    expect(namedPaths('a\n\n`tools/x.ts`')).toEqual([{ line: 3, path: 'tools/x.ts', kind: 'code' }])
  })
})

describe('exists', () => {
  const tree = new Set([
    'docs',
    'docs/adr',
    'docs/adr/1.md',
    'packages/core/src/registry/resource.ts',
    'packages/core/README.md',
  ])
  const link = (path: string, document: string) => exists({ line: 1, path, kind: 'link' }, document, tree)
  const code = (path: string, document: string) => exists({ line: 1, path, kind: 'code' }, document, tree)

  it('looks for links beside the document only', () => {
    expect(link('adr/1.md', 'docs/a.md')).toBe(true)
    expect(link('adr/', 'docs/a.md')).toBe(true)
    expect(link('docs/adr/1.md', 'docs/a.md')).toBe(false)
  })

  it('looks for paths in backticks in the repository, in packages and in folders', () => {
    expect(code('packages/core/src/registry/resource.ts', 'docs/a.md')).toBe(true)
    expect(code('core/src/registry/resource.ts', 'docs/a.md')).toBe(true)
    expect(code('registry/resource.ts', 'docs/a.md')).toBe(true)
    expect(code('source.ts', 'docs/a.md')).toBe(false)
    expect(code('src/registry/resource.ts', 'packages/core/README.md')).toBe(true)
  })

  it('lets a README of a package name files of its reader', () => {
    expect(code('main.ts', 'packages/core/README.md')).toBe(true)
    expect(code('main.ts', 'README.md')).toBe(false)
  })
})

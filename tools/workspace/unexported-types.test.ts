import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { unexportedTypes } from './unexported-types.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'unexported-types-'))))
afterEach(() => rmSync(folder, { recursive: true }))

describe('the types that an entry names', () => {
  it('are found if it does not export them, also those of classes and of inherited interfaces', () => {
    writeFileSync(
      join(folder, 'parts.ts'),
      `export interface A { readonly b: B } interface B { x: 1 } interface Base {} type Inner = 1
export class C { #hidden?: Inner; private also?: Inner; constructor(parts: Parts) {} get(): Got { const inner: Inner = 1 } }
interface Parts {} interface Got {} export interface D extends Base {} export function f<T>(x: T): Promise<T>`,
    )
    const entry = join(folder, 'entry.ts')
    writeFileSync(entry, "export { f } from './parts.ts'\nexport type { A, C, D } from './parts.ts'")
    expect(unexportedTypes(entry)).toEqual(['B, named by A', 'Got, named by C', 'Base, named by D'])
  })

  // The compiler reads the whole package.
  it('are all exported by @gpreg/oci', { timeout: 120_000 }, () => {
    const entry = fileURLToPath(new URL('../../packages/oci/src/index.ts', import.meta.url))
    expect(unexportedTypes(entry)).toEqual([])
  })
})

import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Import } from '../workspace/imports.ts'
import { circleFaults, staleRows, wrongArrows } from './faults.ts'
import { surveyRooms } from './survey.ts'
import { readTable, type Room } from './table.ts'

const REPO = fileURLToPath(new URL('../..', import.meta.url))

describe('the imports of this tree', () => {
  const table = readTable()
  const { arrows, rooms } = surveyRooms(REPO, table)

  it('go only where the table of arrows allows', () => {
    expect(wrongArrows(arrows, table)).toEqual([])
  })

  it('are all that the table allows', () => {
    expect(staleRows(arrows, rooms, table)).toEqual([])
  })

  it('lead in circles between rooms only with a reason', () => {
    expect(circleFaults(table)).toEqual([])
  })
})

describe('a wrong table', () => {
  const row = (name: string, ...imports: string[]): Room => ({ name, holds: 'x', imports })
  const at: Import = {
    from: 'packages/oci/src/model/a.ts',
    line: 3,
    specifier: '../copy/b.ts',
    to: 'packages/oci/src/copy/b.ts',
  }
  const arrow = { from: 'oci/model', to: 'oci/copy', at }

  it('is told with the file, the import and both rooms', () => {
    expect(wrongArrows([arrow], [row('oci/model'), row('oci/copy')])).toEqual([
      'packages/oci/src/model/a.ts:3 imports ../copy/b.ts: oci/model may not import oci/copy',
    ])
    expect(wrongArrows([arrow], [row('oci/model', 'oci/copy')])).toEqual([])
    expect(wrongArrows([arrow], [{ ...row('oci/model'), back: { 'oci/copy': 'why' } }])).toEqual([])
  })

  it('has rows without files, files without rows, and arrows that nobody needs', () => {
    const table = [row('oci/model', 'oci/copy', 'oci/store'), row('oci/old')]
    expect(staleRows([arrow], new Set(['oci/model', 'oci/new']), table)).toEqual([
      'oci/old has no file: take it out',
      'oci/new has no row in the table',
      'no file of oci/model imports oci/store: take the arrow out',
    ])
  })

  it('has circles without a reason, or reasons without a circle', () => {
    expect(circleFaults([row('a', 'b'), row('b', 'c'), row('c', 'a')])).toEqual([
      'circle without a reason: a, b, c',
    ])
    expect(circleFaults([row('a', 'b'), { ...row('b'), back: { a: 'why' } }])).toEqual([])
    expect(circleFaults([row('a'), { ...row('b'), back: { a: 'why' } }])).toEqual([
      'b -> a closes no circle: it belongs to imports',
    ])
  })
})

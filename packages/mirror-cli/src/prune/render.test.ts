import type { PruneResult } from '@gpreg/core'
import { expect, it } from 'vitest'
import { renderPrune } from './render.ts'

const NONE = { toRemove: 0, removed: 0, left: 0, failed: 0 }
const nothingToDo = (keptNames: number): PruneResult => ({
  kind: 'PruneResult',
  version: 1,
  target: 'registry.internal/gitpod',
  dryRun: true,
  tags: [],
  manifests: [],
  leftAlone: [],
  totals: {
    repositories: 1,
    tags: { found: keptNames, ...NONE },
    manifests: NONE,
    keptNames,
    bytes: { freed: 0, shared: 0 },
    seconds: 0,
  },
})

it('an address with no image of the kept documents is doubted, and not told as a clean registry', () => {
  expect(renderPrune(nothingToDo(0))).toContain(
    'warning: no image of the kept documents is at registry.internal/gitpod',
  )
})

it('the totals count the tags of the target alone', () => {
  const text = renderPrune(nothingToDo(3))
  expect(text.split('\n')[0]).toBe('0 of 3 tags would go, 0 manifests, 0 left, 0 failed')
  expect(text).not.toContain('warning')
})

it('repositories that are left alone for one reason have its hint once, and some are named', () => {
  const leftAlone = ['a', 'b', 'c', 'd', 'e'].map(name => ({
    repository: `registry.internal/gitpod/${name}`,
    code: 'unreachable' as const,
    reason: 'no answer from registry.internal',
    hint: 'is it there?',
  }))
  const lines = renderPrune({ ...nothingToDo(3), leftAlone }).split('\n')
  const first = lines.findIndex(line => line.startsWith('left alone'))
  expect(lines.slice(first).filter(line => line.startsWith('left alone'))).toHaveLength(3)
  expect(lines.slice(first + 3, first + 5)).toEqual([
    '       and 2 more for the same reason, all in the answer of --json',
    '       hint: is it there?',
  ])
  expect(lines.filter(line => line.includes('hint:'))).toHaveLength(1)
})

import type { PruneResult } from '@gpreg/core'
import { expect, test } from 'vitest'
import { renderPrune } from './render.ts'

test('repositories that are left alone for one reason have its hint once, and some are named', () => {
  const none = { toRemove: 0, removed: 0, left: 0, failed: 0 }
  const result = {
    kind: 'PruneResult',
    version: 1,
    target: 'r.io/x',
    dryRun: true,
    tags: [],
    manifests: [],
    leftAlone: ['a', 'b', 'c', 'd', 'e'].map(name => ({
      repository: `r.io/x/${name}`,
      code: 'unreachable' as const,
      reason: 'no answer from r.io',
      hint: 'is it there?',
    })),
    totals: { tags: { found: 0, ...none }, manifests: none, bytes: { freed: 0, shared: 0 }, keptNames: 0 },
  } as unknown as PruneResult
  const lines = renderPrune(result).split('\n')
  expect(lines.filter(line => line.startsWith('left alone'))).toHaveLength(3)
  expect(lines.slice(3, 5)).toEqual([
    '       and 2 more for the same reason, all in the answer of --json',
    '       hint: is it there?',
  ])
  expect(lines.filter(line => line.includes('hint:'))).toHaveLength(1)
})

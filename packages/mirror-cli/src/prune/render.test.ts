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

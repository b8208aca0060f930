import type { VerifyResult } from '@gpreg/core'
import { describe, expect, test } from 'vitest'
import { ExitCode, exitCodeOf, exitCodeOfFailures, exitCodeOfMirror, exitCodeOfVerify } from './exit-codes.ts'

describe('exit codes', () => {
  test.each([
    ['bug', 1],
    ['usage', 2],
    ['input-unreadable', 2],
    ['target-collision', 2],
    ['not-found', 3],
    ['server-error', 3],
    ['unauthorized', 5],
    ['forbidden', 5],
    ['unreachable', 6],
    ['tls-untrusted', 6],
    ['stalled', 6],
    ['aborted', 130],
    ['in-use', 4],
  ] as const)('%s ends the command with %i', (code, exit) => {
    expect(exitCodeOf(code)).toBe(exit)
  })

  test('codes that the table does not know are bugs', () => {
    expect(exitCodeOf('from-the-future' as never)).toBe(ExitCode.bug)
  })

  test.each([
    ['nothing failed', [], 2, 0],
    ['one of two is unauthorized', ['unauthorized'], 2, 3],
    ['all are unauthorized or forbidden', ['unauthorized', 'forbidden'], 2, 5],
    ['all are unreachable', ['unreachable', 'stalled'], 2, 6],
    ['all failed, for different reasons', ['unauthorized', 'unreachable'], 2, 3],
    ['all are missing at the source', ['not-found', 'not-found'], 2, 3],
    ['one met a bug of gpreg', ['not-found', 'bug'], 5, 1],
    ['one was interrupted', ['not-found', 'aborted'], 5, 130],
  ] as const)('%s', (_, failures, total, exit) => {
    expect(exitCodeOfFailures(failures, total)).toBe(exit)
  })
})

test('a save that was not begun failed for some images, although only they have rows', () => {
  const images = [{ status: 'failed', error: { code: 'unreachable' } }]
  expect(exitCodeOfMirror({ images, totals: { images: 1 } } as never)).toBe(6)
  expect(exitCodeOfMirror({ images, totals: { images: 3 } } as never)).toBe(3)
})

describe('verify', () => {
  test.each([
    ['all images are ok', ['ok', 'ok'], 0],
    ['one is missing', ['ok', 'missing'], 4],
    ['one is different, one could not be read', ['different', 'unreadable'], 4],
    ['one could not be read', ['ok', 'unreadable'], 3],
    ['none could be read', ['unreadable', 'unreadable'], 5],
  ] as const)('%s', (_, statuses, exit) => {
    expect(exitCodeOfVerify(verified(statuses))).toBe(exit)
  })
})

type Status = VerifyResult['images'][number]['status']

function verified(statuses: readonly Status[]): VerifyResult {
  const number = (status: Status) => statuses.filter(one => one === status).length
  return {
    kind: 'VerifyResult',
    version: 1,
    images: statuses.map(status => ({
      target: 'registry.internal/gitpod/server:1',
      expected: null,
      found: null,
      status,
      problems: status === 'unreadable' ? [{ code: 'unauthorized', message: 'not allowed' }] : [],
    })),
    totals: {
      images: statuses.length,
      ok: number('ok'),
      missing: number('missing'),
      different: number('different'),
      incomplete: number('incomplete'),
      unreadable: number('unreadable'),
      checked: 0,
      bytes: 0,
      seconds: 0,
    },
  }
}

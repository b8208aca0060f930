import { expect, it } from 'vitest'
import { outputWidth, renderTable } from './table.ts'

const HEAD = ['TARGET', 'STATUS', 'SEND', 'MOUNT']
const ROWS = [
  ['registry.internal/gitpod/library/redis:6.2', 'to-copy', '1.0 KiB', '0 B'],
  ['registry.internal/gitpod/server:1', 'up-to-date', '', '-'],
]
const at = (width: number) => renderTable(HEAD, ROWS, ['SEND', 'MOUNT'], width)

const AS_TABLE = [
  'TARGET                                      STATUS         SEND  MOUNT',
  'registry.internal/gitpod/library/redis:6.2  to-copy     1.0 KiB    0 B',
  'registry.internal/gitpod/server:1           up-to-date               -',
].join('\n')

it.each([70, 120, Infinity])('is a table at %d columns', width => expect(at(width)).toBe(AS_TABLE))

it('is stacked where its rows would be wrapped, with an empty cell left out', () => {
  expect(at(69)).toBe(
    [
      'registry.internal/gitpod/library/redis:6.2',
      '  STATUS to-copy  SEND 1.0 KiB  MOUNT 0 B',
      'registry.internal/gitpod/server:1',
      '  STATUS up-to-date  MOUNT -',
    ].join('\n'),
  )
})

it.each([20, 30, 40, 43, 60])('at %i columns only a cell that is itself too long is wrapped', width => {
  const long = at(width)
    .split('\n')
    .filter(line => line.length > width)
  expect(long.filter(line => !line.startsWith('registry.internal/'))).toEqual([])
})

it('has the width of the terminal, and none where a program reads', () => {
  expect(outputWidth({ isTTY: true, columns: 60 })).toBe(60)
  expect(outputWidth({ isTTY: true, columns: 0 })).toBe(Infinity)
  expect(outputWidth({ isTTY: false, columns: 60 })).toBe(Infinity)
})

import { expect, it } from 'vitest'
import { digestOf } from '@gpreg/oci'
import { exitCodeOfDiff } from '../../exit-codes.ts'
import { renderDiff, type DiffAnswer } from './diff.ts'

const diff: DiffAnswer = {
  kind: 'Diff',
  version: 1,
  from: { kind: 'lock', name: 'old.json', images: 1 },
  to: { kind: 'lock', name: 'new.json', images: 1 },
  images: [
    {
      name: 'server',
      status: 'changed',
      from: { name: 'server:1', digest: digestOf('one') },
      to: { name: 'server:2', digest: digestOf('two') },
      blobs: { added: [{ digest: digestOf('layer'), size: 2048 }], removed: [], kept: 3 },
    },
    { name: 'young', status: 'added', to: { name: 'young:1', digest: digestOf('young') } },
  ],
  configuration: [{ from: 'a.b', to: 'c', since: '2022.07' }],
  totals: {
    images: { added: 1, removed: 0, changed: 1, unchanged: 4 },
    carry: { blobs: 1, bytes: 2048 },
    send: { blobs: 2, bytes: 4096 },
  },
}

it('has a row for each image that differs, the configuration, and the bytes', () => {
  expect(renderDiff(diff).split('\n')).toEqual([
    '  IMAGE   FROM  TO  NEW LAYERS  KEPT  NEW BYTES',
    '~ server  1     2            1     3    2.0 KiB',
    '+ young   -     1            ?     ?          ?',
    '',
    'installer configuration:',
    '  a.b is c (moved with 2022.07)',
    '',
    'old.json to new.json: 1 added, 0 removed, 1 changed, 4 the same',
    'to carry: 2.0 KiB in 1 blob that old.json has not',
    'to mirror: 4.0 KiB in 2 blobs, because a mirror looks for a blob only in the repositories that need it',
  ])
})

it('fails only if that is asked for', () => {
  expect([exitCodeOfDiff(diff, false), exitCodeOfDiff(diff, true)]).toEqual([0, 4])
})

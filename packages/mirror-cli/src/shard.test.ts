import { describe, expect, it } from 'vitest'
import { shardOf } from './shard.ts'

const parse = (shard: string, JOB_COMPLETION_INDEX?: string) =>
  shardOf({ shard, 'shard-patience': undefined }, { JOB_COMPLETION_INDEX })

describe('--shard', () => {
  it.each([
    ['3', '0', { index: 1, count: 3 }],
    ['3', '2', { index: 3, count: 3 }],
    ['1', '0', { index: 1, count: 1 }],
    ['2/3', undefined, { index: 2, count: 3 }],
    ['3/3', '0', { index: 3, count: 3 }],
    [' 1/12 ', undefined, { index: 1, count: 12 }],
  ])('%j with the index %j of a Job is %j', (shard, index, expected) => {
    expect(parse(shard, index)).toMatchObject(expected)
  })

  it('is none without the flag, whatever the environment says', () => {
    const none = { shard: undefined, 'shard-patience': undefined }
    expect(shardOf(none, { JOB_COMPLETION_INDEX: '1' })).toBeUndefined()
  })

  it.each([
    ['0', '0'],
    ['', '0'],
    ['three', '0'],
    ['1/0', undefined],
    ['0/3', undefined],
    ['4/3', undefined],
    ['-1/3', undefined],
    ['1/2/3', undefined],
    ['1/1001', undefined],
    ['3', undefined],
    ['3', ''],
    ['3', '3'],
    ['3', 'one'],
    ['3', '1.5'],
  ])('refuses %j with the index %j, and says what to write', (shard, index) => {
    expect(() => parse(shard, index)).toThrow(
      expect.objectContaining({ code: 'usage', hint: expect.stringMatching(/\d/) }),
    )
  })

  it('reads the patience', () => {
    expect(shardOf({ shard: '1/2', 'shard-patience': '30s' }, {})?.patience).toBe(30_000)
    expect(shardOf({ shard: '1/2', 'shard-patience': undefined }, {})?.patience).toBe(120_000)
  })
})

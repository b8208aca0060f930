import { parseDocument } from 'yaml'
import { describe, expect, it } from 'vitest'
import { plainValues } from './plain-values.ts'
import { PLAIN_VALUES } from './yaml-input.ts'

const read = (text: string) => plainValues(parseDocument(text, PLAIN_VALUES))
const levels = (item: (name: string) => string) =>
  `a0: &a0 {image: redis}\n${Array.from({ length: 30 }, (_, at) => `a${at + 1}: &a${at + 1} ${item(`*a${at}`)}\n`).join('')}`

describe('plainValues', () => {
  it.each([
    ['x: {a: 1.10, b: null, c: true, 5: e}\n', { x: { a: '1.10', b: null, c: true, 5: 'e' } }],
    ['a: &a [1]\nb: *a\n', { a: ['1'], b: ['1'] }],
    ['a: &a 1\nb: &a 2\nc: *a\n', { a: '1', b: '2', c: '2' }],
    ['- &k name\n- *k : v\n', ['name', { name: 'v' }]],
    // Own keys count before merged ones, wherever they stand, and the first of several maps before the others.
    ['a: &a {x: 1, y: 2}\nb: {x: 3, <<: *a}\n', { a: { x: '1', y: '2' }, b: { x: '3', y: '2' } }],
    ['a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\n', { a: { x: '1', y: '2' }, b: { x: '3', y: '2' } }],
    ['- {<<: [{x: 1}, {x: 2, y: 2}]}\n', [{ x: '1', y: '2' }]],
    ['"<<": {x: 1}\n', { '<<': { x: '1' } }],
    ['__proto__: {image: a}\n', JSON.parse('{"__proto__": {"image": "a"}}') as unknown],
  ])('reads %j', (text, value) => {
    expect(read(text)).toEqual({ value })
  })

  it('reads one map that thousands of others merge or repeat', () => {
    const text = `- &a {image: redis, args: [a, b]}\n${'- {<<: *a, x: y}\n- *a\n'.repeat(3_000)}`
    expect(read(text)).toMatchObject({ value: { length: 6_001, 5_999: { image: 'redis', x: 'y' } } })
  })

  it.each([
    ['merges of merges', levels(name => `{<<: [${name}, ${name}]}`), 'stand for more than 1000000 values'],
    ['aliases of aliases', levels(name => `[${name}, ${name}]`), 'stand for more than 1000000 values'],
    ['a list that contains itself', 'a: &a [*a]\n', '&a contains itself'],
    ['a map that merges itself', 'a: &a {<<: *a}\n', '&a contains itself'],
    ['an alias of nothing', 'a: *a\n', '*a has no anchor above it'],
    ['a merge of a text', 'a: {<<: b}\n', 'only maps can be merged'],
  ])('refuses %s', (_, text, fault) => {
    expect(read(text)).toMatchObject({ fault: expect.stringContaining(fault) as string })
  })
})

import { describe, expect, it } from 'vitest'
import { YamlSource } from './source.ts'

const read = (file: string | Uint8Array) => new YamlSource(file)
const latin1 = (text: string) => Buffer.from(text, 'latin1')

describe('a scalar is read as the YAML library of the installer reads it', () => {
  it.each([
    ['0o10', 8],
    ['010', 8],
    ['09', 9],
    ['0x_1f', 31],
    ['-0b11', -3],
    ['1_000', 1000],
    ['.5', 0.5],
    ['1e3', 1000],
    ['1e400', '1e400'],
    ['1:30', '1:30'],
    ['2022-01-01', '2022-01-01'],
    ['18446744073709551615', 2n ** 64n - 1n],
    ['-9223372036854775808', -(2n ** 63n)],
    ['y', true],
    ['Off', false],
    ['tRUE', 'tRUE'],
    ['Null', null],
    ['! 5', 5],
    ['!!str 5', '5'],
    ['!!int "5"', 5],
    ['!!float 5', 5],
    ['!!bool "on"', true],
    ['!!binary aGVsbG8=', 'hello'],
    ['!image 5', '5'],
    [String.raw`"\x41é"`, 'Aé'],
  ])('%s', (text, value) => {
    expect(read(`a: ${text}\n`)).toMatchObject({ errors: [], data: { a: value } })
  })

  it('an empty value within braces is the empty text, since the file is printed anew', () => {
    expect(read('a: {b: , c}\nd:\n').data).toEqual({ a: { b: '', c: '' }, d: null })
    expect(new YamlSource('a: {b: }\n', { deletesKey: false }).data).toEqual({ a: { b: null } })
  })

  it.each(['.nan', '-.inf', '!!int abc', '!!null x', '!!binary "?"', String.raw`"\ud83d\ude00"`, "*'", '@a'])(
    'none is %s',
    text => {
      expect(read(`a: 1\nb: ${text}\n`).errors[0]).toMatchObject({
        code: 'yaml-syntax',
        position: { line: 2 },
      })
    },
  )
})

describe('keys', () => {
  it('numbers and booleans become texts, and 1 is another key than "1" until then', () => {
    expect(read('1: a\n1.5: b\nyes: c\n.inf: d\n').data).toEqual({ 1: 'a', 1.5: 'b', true: 'c', '.inf': 'd' })
    expect(read('1: a\n"1": b\n').errors).toEqual([])
  })

  it.each(['~: a', '[a]: b', '{a: b}: c'])('none is in %s', line => {
    expect(read(`x: 1\n${line}\n`).errors).toMatchObject([{ code: 'yaml-syntax', position: { line: 2 } }])
  })

  it('apiVersion is deleted with its anchors, and may be there twice', () => {
    expect(read('apiVersion: v1\napiVersion: v2\na: 1\n').errors).toEqual([])
    expect(read('apiVersion: &v v1\na: *v\n').errors).toMatchObject([{ position: { line: 2, column: 4 } }])
  })

  it('a merged field is set twice where the map has it too, or where two merged maps have it', () => {
    expect(read('a: &a {x: 1}\nb:\n  <<: *a\n  z: 2\n').data).toEqual({ a: { x: 1 }, b: { x: 1, z: 2 } })
    expect(read('a: &a {x: 1}\nb:\n  <<: *a\n  x: 2\n').errors).toMatchObject([
      { code: 'duplicate-key', path: ['b', 'x'], position: { line: 4 } },
    ])
    expect(read('a: &a {x: 1}\nb:\n  <<: [*a, *a]\n').errors).toMatchObject([{ code: 'duplicate-key' }])
    expect(read('a: {<<: b}\n').errors).toMatchObject([{ code: 'yaml-syntax' }])
    expect(read('a: &a\n  <<: *a\n').errors).toMatchObject([{ position: { line: 2, column: 7 } }])
  })

  it('merges of merges end where they stand for nearly all of the file', () => {
    const levels = Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} {<<: [*a${n}, *a${n}]}\n`)
    const { errors } = read(`a0: &a0 {x: 1}\n${levels.join('')}`)
    expect(errors.filter(({ code }) => code === 'yaml-syntax')).toMatchObject([
      { message: 'nearly all of this file is made by aliases' },
    ])
    expect(errors.length).toBeLessThan(100)
  })

  it('one map may be merged many times', () => {
    const text = `a: &a {x: 1, w: 2}\n${Array.from({ length: 200 }, (_, n) => `b${n}: {<<: *a, z: 3}\n`).join('')}`
    expect(read(text)).toMatchObject({ errors: [], data: { b199: { x: 1, w: 2, z: 3 } } })
    expect(read('a: {"<<": b}\n').data).toEqual({ a: { '<<': 'b' } })
  })
})

describe('bytes', () => {
  it.each([
    ['UTF-16', Buffer.from('\ufeffa: é\n', 'utf16le')],
    ['UTF-8 with a byte order mark', Buffer.from('\ufeffa: é\n')],
    ['lone carriage returns', Buffer.from('a: é\rb: 1\r')],
  ])('%s', (_, bytes) => {
    expect(read(bytes)).toMatchObject({ errors: [], data: { a: 'é' } })
  })

  it.each([
    ['Latin-1', latin1('a: 1\nb: \xe9\n'), 2],
    ['UTF-16 without a byte order mark', Buffer.from('a: 1\n', 'utf16le'), 1],
    ['a bell', Buffer.from('a: 1\n\nb: "\x07"\n'), 3],
  ])('are no text: %s', (_, bytes, line) => {
    expect(read(bytes).errors[0]).toMatchObject({ code: 'yaml-syntax', position: { line } })
  })

  it('the character that stands for broken ones may be in a file', () => {
    expect(read(Buffer.from('a: \ufffd\n')).errors).toEqual([])
  })
})

describe('tabs', () => {
  it.each([
    'a:\tb',
    'a: b\t# c',
    'a: b\n \t# c',
    'a: {\n\tb: c}',
    'a: b\n  \tc',
    '{\n\t"a": "b"\n}',
    "a: 'b\n\tc'",
    'a: [1] \t\nb: 1',
  ])('may be in %j', text => {
    expect(read(text).errors).toEqual([])
  })

  it.each([
    ['a: b\n\t# c', 2],
    ['a: b\n\t\nc: d', 2],
    ['a: b\n# c\n\t# d', 3],
    ['a:\n  b: c\n \t# d\n  e: f', 3],
    ['a:\n- \tb', 2],
    ['a: [1,\n\t2\n\t]', 3],
    ['a: |\n  b\n\tc', 3],
    ['a: |\n  b\n\t# c\nd: e', 3],
    ['a:\n    b: c\n  \td', 3],
  ])('may not be in %j', (text, line) => {
    expect(read(text).errors[0]).toMatchObject({ code: 'yaml-syntax', position: { line } })
  })
})

describe('less indentation within quotes and braces', () => {
  it.each([
    ["a:\n  b: 'c\nd'\ne: 1\n", { a: { b: 'c d' }, e: 1 }],
    ['a: "c\\\n   d\n\ne"\n', { a: 'cd\ne' }],
    ['a:\n  b: [c,\nd, # e ]\n{f: "g\nh"}\n]\n', { a: { b: ['c', 'd', { f: 'g h' }] } }],
  ])('is taken: %j', (text, data) => {
    expect(read(text)).toMatchObject({ errors: [], data })
  })

  it.each(["a:\n  b: 'c\nd: 1\n", "a: 'b\n---\nc'\n", 'a: [b\nc: d\n'])('does not close %j', text => {
    expect(read(text).errors[0]).toMatchObject({ code: 'yaml-syntax' })
  })
})

describe('several documents', () => {
  it.each([
    ['maps become one', 'a: 1\n---\nb: 2\n', { a: 1, b: 2 }],
    ['a comment is none', '# a\n---\n# b\na: 1\n...\n# c\n', { a: 1 }],
    ['none are read after one in braces', '{a: 1}\n---\nb: [\n', undefined],
    ['none are joined after one in braces', '{a: 1}\n---\na: 2\n', { a: 1 }],
    ['none are joined after an empty one', '---\n---\na: 1\n', null],
    ['apiVersion alone is an empty one', 'apiVersion: v1\n---\na: 1\n', { apiVersion: 'v1' }],
  ])('%s', (_, text, data) => {
    expect(read(text).data).toEqual(data)
  })

  it.each([
    ['an empty one at the end', 'a: 1\n---\n'],
    ['one in braces', 'a: 1\n---\n{b: 2}\n'],
    ['a text', 'a: 1\n---\nb\n'],
    ['a list', 'a: 1\n---\n- b\n'],
    ['no mark before it', 'a: 1\n...\nb: 2\n'],
    ['another version of YAML', '%YAML 1.2\n---\na: 1\n'],
    ['an unknown directive', '%A b\n---\na: 1\n'],
  ])('are refused: %s', (_, text) => {
    expect(read(text).errors).toMatchObject([
      { code: 'yaml-syntax', hint: expect.stringMatching(/./) as string },
    ])
  })

  it('a field in two of them is there twice', () => {
    expect(read('a: 1\n---\nb: 2\na: 3\n').errors).toMatchObject([
      { code: 'duplicate-key', path: ['a'], position: { line: 4 } },
    ])
  })
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeText, encodeLike, utf8Text } from './text.ts'

const encodings: Record<string, (text: string) => Buffer> = {
  'UTF-8': text => Buffer.from(text),
  'UTF-8 with a mark': text => Buffer.from(`\uFEFF${text}`),
  'UTF-16 LE': text => Buffer.from(`\uFEFF${text}`, 'utf16le'),
  'UTF-16 BE': text => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16(),
}

it.each(Object.entries(encodings))('%s is read', (_, encode) => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.nat(0xffff).map(code => String.fromCharCode(code).toWellFormed()) }),
      text => {
        fc.pre(!text.startsWith('\uFEFF') && !text.includes('\0'))
        expect(decodeText(encode(text))).toBe(text)
        expect(encodeLike(text, encode(text))).toEqual(encode(text))
      },
    ),
  )
})

it('UTF-16 without a mark is read if its first character is a Latin one', () => {
  const text = '- image: redis:6 # “größer” 🙂\r\n'
  expect(decodeText(Buffer.from(text, 'utf16le'))).toBe(text)
  expect(decodeText(Buffer.from(text, 'utf16le').swap16())).toBe(text)
  expect(encodeLike('b', Buffer.from(text, 'utf16le').swap16())).toEqual(Buffer.from('\0b'))
  expect(decodeText(Buffer.from('中: a', 'utf16le'))).toContain('\0')
})

it.each(['a\0b', 'a\0b\0c', '\0\0a\0', 'a\0\0\0', '\x01\0b\0', 'a\0\x00\xd8'])('%j stays binary', text => {
  expect(decodeText(Buffer.from(text, 'latin1'))).toContain('\0')
})

it('any bytes are some text', () => {
  fc.assert(fc.property(fc.uint8Array(), bytes => void decodeText(bytes)))
})

it('UTF-8 is read without its mark, each time', () => {
  for (const bytes of ['\uFEFFa…', 'a…', '\uFEFFa…'].map(text => Buffer.from(text)))
    expect(utf8Text(bytes)).toBe('a…')
})

import { parseFloat64, parseInteger } from './numbers.ts'

/** A scalar as the installer's parser reads it. A `bigint` is a whole number that a float cannot hold. */
export type Scalar = string | number | bigint | boolean | null

const words = (value: Scalar, text: string) => text.split(' ').map(word => [word, value] as const)

const WORDS: ReadonlyMap<string, Scalar> = new Map([
  ...words(true, 'y Y yes Yes YES true True TRUE on On ON'),
  ...words(false, 'n N no No NO false False FALSE off Off OFF'),
  ...words(null, '~ null Null NULL'),
  ['', null],
  ...words(NaN, '.nan .NaN .NAN'),
  ...words(Infinity, '.inf .Inf .INF +.inf +.Inf +.INF'),
  ...words(-Infinity, '-.inf -.Inf -.INF'),
])

const PREFIX = 'tag:yaml.org,2002:'

/**
 * Reads an unquoted text: YAML 1.1 without base-60 numbers, and dates stay text.
 * https://github.com/go-yaml/yaml/blob/v2.4.0/resolve.go
 */
export function resolvePlain(text: string): Scalar {
  const word = WORDS.get(text)
  if (word !== undefined) return word
  if (text.startsWith('.')) return parseFloat64(text) ?? text
  if (!/^[-+\d]/.test(text)) return text
  const digits = text.replaceAll('_', '')
  return parseInteger(digits) ?? parseFloat64(digits) ?? text
}

/**
 * Reads a text that has a tag.
 * @param tag in full, such as `tag:yaml.org,2002:int`
 * @returns undefined if the text is none of what the tag names
 */
export function resolveTagged(text: string, tag: string): Scalar | undefined {
  if (tag === `${PREFIX}binary`) return decodeBase64(text)
  const kind = tag.startsWith(PREFIX) ? tag.slice(PREFIX.length) : ''
  const value = resolvePlain(text)
  switch (kind) {
    case 'bool':
      return typeof value === 'boolean' ? value : undefined
    case 'null':
      return value === null ? value : undefined
    case 'int':
      return typeof value === 'bigint' || isWhole(value, text) ? value : undefined
    case 'float':
      return typeof value === 'bigint' ? Number(value) : typeof value === 'number' ? value : undefined
    case 'timestamp':
      return /^\d{4}-/.test(text) ? text : undefined
    default:
      return text
  }
}

/** True for a number that is written as a whole one: 5.0 and 5e0 are none. */
function isWhole(value: Scalar, text: string): boolean {
  return typeof value === 'number' && parseInteger(text.replaceAll('_', '')) !== undefined
}

function decodeBase64(text: string): string | undefined {
  const packed = text.replace(/[\r\n]/g, '')
  const isBase64 = packed.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(packed)
  return isBase64 ? Buffer.from(packed, 'base64').toString() : undefined
}

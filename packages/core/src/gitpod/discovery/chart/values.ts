import { parseDocument, type ScalarTag } from 'yaml'
import { isRecord } from '@gpreg/oci/engine'
import { parseYaml, PLAIN_VALUES, plainValuesIn } from '../yaml-input.ts'

/** The values of a chart. */
export type Values = Readonly<Record<string, unknown>>

/** helm reads `7.0` without quotes as the number 7, and writes it so into a name. Whole numbers and dates stay as they are. */
const TRAILING_ZEROS = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  test: /^[-+]?\d+\.\d*0$/,
  resolve: (text: string) => text.replace(/\.?0+$/, ''),
} as const satisfies ScalarTag

const HELM_VALUES = { ...PLAIN_VALUES, customTags: [...PLAIN_VALUES.customTags, TRAILING_ZEROS] }

/**
 * Reads a file with values. All scalars but booleans and null are text, and numbers as helm writes them.
 * @returns an empty map for a file without content
 * @throws `input-invalid`, naming the line
 */
export function parseValues(text: string, path: string): Values {
  // Throws with the place of an error.
  const input = parseYaml(text, path)
  const values = plainValuesIn(parseDocument(text, HELM_VALUES), input)
  return isRecord(values) ? values : {}
}

/** Lays values over others as helm does: maps are joined, everything else is replaced, and null removes a key. */
export function overlay(base: Values, over: Values): Values {
  const joined: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const below = joined[key]
    if (value === null) delete joined[key]
    else joined[key] = isRecord(below) && isRecord(value) ? overlay(below, value) : value
  }
  return joined
}

export function mapAt(values: Values, key: string): Values {
  const value = values[key]
  return isRecord(value) ? value : {}
}

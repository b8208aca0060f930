import { below, type ValuePath } from './value-path.ts'

export type Entry = readonly [key: string, value: unknown, path: ValuePath]

/** The flag or variable that a text in a list of arguments belongs to: `--key=value`, `KEY=value`, `"--key", "value"`. */
export function argumentAt(
  items: readonly unknown[],
  index: number,
): { readonly key: string; readonly value: string } | undefined {
  const item = items[index]
  if (typeof item !== 'string') return undefined
  const [, key, value] = /^(-{0,2}[\w.-]+)=(\S+)$/.exec(item) ?? []
  if (key !== undefined) return { key, value: value! }
  const flag = items[index - 1]
  const isValue = typeof flag === 'string' && /^--?[\w.-]+$/.test(flag) && !item.startsWith('-')
  return isValue ? { key: flag, value: item } : undefined
}

export function isScalar(value: unknown): value is string | number | boolean | bigint {
  return typeof value !== 'object' && value !== undefined
}

export function entriesOf(map: object, path: ValuePath): Entry[] {
  return Object.entries(map).map(([key, value]) => [key, value as unknown, below(path, key)])
}

/** Lists of `{name, value}` are maps in another form: environment variables, parameters. Undefined if a list is none. */
export function namedValues(items: readonly unknown[], path: ValuePath): Entry[] | undefined {
  const entries: Entry[] = []
  for (const [index, item] of items.entries()) {
    if (typeof item !== 'object' || item === null || !('name' in item) || typeof item.name !== 'string')
      return undefined
    const key = VALUE_KEYS.find(key => isScalar((item as Record<string, unknown>)[key]))
    if (key !== undefined)
      entries.push([item.name, (item as Record<string, unknown>)[key], below(below(path, index), key)])
  }
  return entries.length > 0 ? entries : undefined
}

const VALUE_KEYS = ['value', 'default'] as const

/** What is left of an item of {@link namedValues}. */
export function withoutPair(item: object): object {
  const { name: _, value, default: fallback, ...rest } = item as Record<string, unknown>
  return {
    ...rest,
    ...(isScalar(value) ? {} : { value }),
    ...(isScalar(fallback) ? {} : { default: fallback }),
  }
}

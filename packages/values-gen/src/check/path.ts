/** The path of a field in a configuration: the keys of maps and the positions in lists. */
export type Path = readonly (string | number)[]

/** Splits a path such as `containerRegistry.external.url` at its dots. A path that is already in parts stays as it is. */
export function toPath(path: string | Path): Path {
  return typeof path !== 'string' ? path : path === '' ? [] : path.split('.')
}

/** Writes a path as `a.b[0].c`, and a key that contains dots in quotes: `a["b.c"]`. */
export function formatPath(path: Path): string {
  return path
    .map(part =>
      typeof part === 'number' ? `[${part}]` : part.includes('.') ? `[${JSON.stringify(part)}]` : `.${part}`,
    )
    .join('')
    .replace(/^\./, '')
}

/** The value at a path of plain data; undefined if there is none. */
export function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Record<string | number, unknown>)[part]
        : undefined,
    data,
  )
}

/**
 * The value at a path of plain data, whose keys may be in any case of letters, as the installer reads them. If several keys differ
 * only in case, the first that leads to a value counts, the key written as in the path before the others.
 */
export function valueInAnyCase(data: unknown, [part, ...rest]: Path): unknown {
  if (part === undefined) return data
  if (typeof data !== 'object' || data === null) return undefined
  const map = data as Record<string | number, unknown>
  const lower = String(part).toLowerCase()
  const others = Object.keys(map).filter(key => key !== part && key.toLowerCase() === lower)
  for (const key of Object.hasOwn(map, part) ? [part, ...others] : others) {
    const value = valueInAnyCase(map[key], rest)
    if (value !== undefined) return value
  }
  return undefined
}

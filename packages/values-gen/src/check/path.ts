/** Where in a configuration: keys, and positions in lists. */
export type Path = readonly (string | number)[]

/** A path as rules write it, `containerRegistry.external.url`, or in parts. */
export function toPath(path: string | Path): Path {
  return typeof path !== 'string' ? path : path === '' ? [] : path.split('.')
}

/** `a.b[0].c`; keys with dots in them in quotes. */
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

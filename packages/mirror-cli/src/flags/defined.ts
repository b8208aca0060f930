type Defined<T> = { -readonly [K in keyof T]?: Exclude<T[K], undefined> }

/** Flags that were not given are `undefined` to oclif and absent to core. */
export function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>
}

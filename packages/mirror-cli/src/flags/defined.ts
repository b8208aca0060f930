type Defined<T> = { -readonly [K in keyof T]?: Exclude<T[K], undefined> }

/** Leaves out undefined values: oclif sets a flag that was not given to `undefined`, and core expects it to be absent. */
export function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>
}

import { toPath, valueAt, type Path } from './path.ts'
import { defaultOf, schemaAt } from './schema-walk.ts'
import type { YamlSource } from './yaml-source.ts'

/** Reads a configuration for rules: a value by its path, or undefined if it has another type. */
export class ConfigReader {
  readonly #data: unknown
  readonly #source: YamlSource

  constructor(data: unknown, source: YamlSource) {
    this.#data = data
    this.#source = source
  }

  /** True if the file has a value at the path. */
  has(path: string | Path): boolean {
    return valueAt(this.#data, toPath(path)) !== undefined
  }

  /** A text that is not empty, else the installer's default. */
  text(path: string | Path): string | undefined {
    const value = this.#value(path)
    return typeof value === 'string' && value !== '' ? value : undefined
  }

  flag(path: string | Path): boolean | undefined {
    const value = this.#value(path)
    return typeof value === 'boolean' ? value : undefined
  }

  list(path: string | Path): readonly unknown[] {
    const value = this.#value(path)
    return Array.isArray(value) ? value : []
  }

  /** As it stands in the file, from the key on. */
  written(path: string | Path): string | undefined {
    return this.#source.written(path)
  }

  #value(path: string | Path): unknown {
    const keys = toPath(path)
    return valueAt(this.#data, keys) ?? defaultOf(schemaAt(keys))
  }
}

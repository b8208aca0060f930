import { placesOf } from '@gpreg/core'
import { toPath, valueInAnyCase, type Path } from './path.ts'
import { defaultOf, schemaAt } from './schema-walk.ts'
import type { YamlSource } from './yaml/source.ts'

/** Gives rules the values of a configuration by path. A value of the wrong type counts as absent. */
export class ConfigReader {
  readonly #data: unknown
  readonly #source: YamlSource

  constructor(data: unknown, source: YamlSource) {
    this.#data = data
    this.#source = source
  }

  /** True if the file has a value at the path. */
  has(path: string | Path): boolean {
    return valueInAnyCase(this.#data, toPath(path)) !== undefined
  }

  /** The text at the path, or the installer's default if the file has none; undefined if the text is empty. */
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

  isList(path: string | Path): boolean {
    return Array.isArray(this.#value(path))
  }

  /**
   * The path at which the file sets a field that moved; if the file does not set it, the path that the release reads.
   * @param release such as `2022.11.3`
   */
  placeOf(path: string, release: string): string {
    const places = placesOf(path, release)
    const isSet = (place: string) => this.text(place) !== undefined || this.list(place).length > 0
    return places.find(isSet) ?? places[0]!
  }

  /** The text of the file from the key of a field to the end of its value. */
  written(path: string | Path): string | undefined {
    return this.#source.written(path)
  }

  #value(path: string | Path): unknown {
    const keys = toPath(path)
    return valueInAnyCase(this.#data, keys) ?? defaultOf(schemaAt(keys))
  }
}

import { writeFile } from 'node:fs/promises'
import { expect } from 'vitest'
import { gpreg, type GpregRun } from '../support/gpreg.ts'
import type { Image } from '../support/images.ts'
import { wrongContent } from '../support/registry-content.ts'
import { releaseImages } from '../support/release.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { pushImage, sourceMirrors } from '../support/upstream.ts'
import type { Server, ServerKind } from './server-kinds.ts'

/** One source of each kind with the same images, and the commands that copy them. */
export class Site implements AsyncDisposable {
  readonly images: ReadonlyMap<string, Image> = releaseImages()
  readonly directory: TemporaryDirectory
  readonly #sources = new Map<string, Server>()
  readonly #list: string

  private constructor(directory: TemporaryDirectory) {
    this.directory = directory
    this.#list = directory.join('images.txt')
  }

  static async start(kinds: readonly ServerKind[]): Promise<Site> {
    const site = new Site(await temporaryDirectory())
    try {
      await writeFile(site.#list, [...site.images.keys()].join('\n'))
      for (const kind of kinds) await site.#add(kind)
      return site
    } catch (error) {
      await site[Symbol.asyncDispose]()
      throw error
    }
  }

  async #add(kind: ServerKind): Promise<void> {
    const source = await kind.start()
    this.#sources.set(kind.name, source)
    for (const [reference, image] of this.images) await pushImage(source.url, reference, image)
  }

  /** The flags that name the images, and the source of this kind. */
  input(kind: ServerKind): string[] {
    const source = this.#sources.get(kind.name)
    if (source === undefined) throw new Error(`${kind.name} was not started`)
    return ['--images', this.#list, ...sourceMirrors(source.host, this.images.keys())]
  }

  mirror(from: ServerKind, host: string, ...flags: string[]): Promise<GpregRun> {
    return gpreg(['mirror', ...this.input(from), '--to', `${host}/gitpod`, '--json', ...flags])
  }

  /** Runs `verify`, which reads tags from the source and content from the target. */
  verify(from: ServerKind, host: string, ...flags: string[]): Promise<GpregRun> {
    return gpreg(['verify', ...this.input(from), '--to', `${host}/gitpod`, '--json', ...flags])
  }

  /** Checks that a run of `mirror` or `bundle load` did all images, and that plain HTTP finds their bytes. */
  async expectWhole(run: GpregRun): Promise<void> {
    expect(run.exitCode, run.stderr + run.stdout).toBe(0)
    const results = resultsOf(run)
    expect(results.map(({ source }) => source).toSorted()).toEqual([...this.images.keys()].toSorted())
    for (const { source, target } of results) {
      const image = this.images.get(source)
      expect(image && (await wrongContent(target, image)), target).toEqual([])
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const source of this.#sources.values()) await source[Symbol.asyncDispose]()
    await this.directory[Symbol.asyncDispose]()
  }
}

/** The names of the images that a run copied or found. */
export function resultsOf(run: GpregRun): { readonly source: string; readonly target: string }[] {
  return run.json().images
}

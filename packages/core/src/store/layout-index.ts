import { randomUUID } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { GpregError } from '../errors.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { isDigest, type Digest } from '../model/digest.ts'
import { newIngestPath, onDisk, settle } from './layout-files.ts'

/** https://github.com/opencontainers/image-spec/blob/main/annotations.md */
export const REF_NAME = 'org.opencontainers.image.ref.name'

const LAYOUT_VERSION = '1.0.0'

/** Only what is needed is checked; what other tools wrote beside it is kept as it is. */
const entry = z.looseObject({
  mediaType: z.string(),
  digest: z.string().refine((text): text is Digest => isDigest(text), 'not a digest'),
  size: z.number().int().min(0),
  annotations: z.record(z.string(), z.string()).optional(),
})
const index = z.looseObject({ schemaVersion: z.literal(2), manifests: z.array(entry).nullish() })

export type IndexEntry = z.output<typeof entry>
type IndexDocument = z.output<typeof index>

/**
 * `index.json` of a layout: which names stand for which manifests. Changes are written as one new file, atomically; changes
 * that come while one is being written go into the next together.
 */
export class LayoutIndex {
  readonly #root: string
  #document: IndexDocument
  #writing: Promise<void> | undefined
  /** counts changes; `#written` is the last one on disk */
  #version = 0
  #written = 0

  private constructor(root: string, document: IndexDocument) {
    this.#root = root
    this.#document = document
  }

  /** @throws `input-invalid` where the folder holds something that is no layout */
  static async open(root: string): Promise<LayoutIndex> {
    const [layout, text] = await Promise.all([
      readIfThere(join(root, 'oci-layout')),
      readIfThere(join(root, 'index.json')),
    ])
    const fresh = new LayoutIndex(root, { schemaVersion: 2, manifests: [] })
    if (layout === undefined)
      await writeAtomically(root, 'oci-layout', JSON.stringify({ imageLayoutVersion: LAYOUT_VERSION }))
    if (text === undefined) {
      await fresh.#write()
      return fresh
    }
    return new LayoutIndex(root, parseIndex(text, join(root, 'index.json')))
  }

  entries(): readonly IndexEntry[] {
    return this.#document.manifests ?? []
  }

  /** Lets a name stand for a manifest. Durable when it returns. */
  async set(name: string, { mediaType, digest, size }: Descriptor): Promise<void> {
    const known = this.entries().find(each => each.annotations?.[REF_NAME] === name)
    if (known?.digest === digest) return this.#flush(this.#version)
    const others = this.entries().filter(each => each !== known)
    await this.#change([...others, { mediaType, digest, size, annotations: { [REF_NAME]: name } }])
  }

  async remove(condition: (entry: IndexEntry) => boolean): Promise<boolean> {
    const kept = this.entries().filter(each => !condition(each))
    if (kept.length === this.entries().length) return false
    await this.#change(kept)
    return true
  }

  /** One write at a time; the next one takes all changes that came meanwhile. */
  async #change(manifests: readonly IndexEntry[]): Promise<void> {
    this.#document = { ...this.#document, manifests: [...manifests] }
    await this.#flush(++this.#version)
  }

  async #flush(version: number): Promise<void> {
    while (this.#written < version) {
      this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
      await this.#writing
    }
  }

  async #write(): Promise<void> {
    const mediaType = 'application/vnd.oci.image.index.v1+json'
    const version = this.#version
    const document = { ...this.#document, schemaVersion: 2, mediaType, manifests: this.entries() }
    await writeAtomically(this.#root, 'index.json', `${JSON.stringify(document, undefined, 2)}\n`)
    this.#written = version
  }
}

/** @throws `input-invalid` */
export function parseIndex(text: string, path: string): IndexDocument {
  try {
    return index.parse(JSON.parse(text))
  } catch (cause) {
    throw new GpregError('input-invalid', `${path} is not the index of an OCI layout`, {
      path,
      cause,
      hint: 'name an OCI image layout, or an empty or new directory',
    })
  }
}

async function writeAtomically(root: string, name: string, text: string): Promise<void> {
  await onDisk(root, async () => {
    const temporary = newIngestPath(root, `${name}.${randomUUID()}`)
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await settle(temporary, join(root, name))
  })
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new GpregError('input-unreadable', `cannot read ${path}`, { path, cause: error })
  }
}

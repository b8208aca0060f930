import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import { GpregError, isGpregError } from '@gpreg/oci'
import { decodeText } from '@gpreg/oci/engine'
import { bounded } from '../../../bounded.ts'
import { invalidInput, place, reading, readText } from '../../../input.ts'

/** A chart as it lies on disk, without its templates. */
export interface ChartFiles {
  /** The texts of `Chart.yaml`, `values.yaml` and `requirements.yaml`, as far as they are there. */
  readonly texts: ReadonlyMap<string, string>
  /** The charts in `charts/`, by the name of their directory or archive. */
  readonly charts: ReadonlyMap<string, ChartFiles>
}

const TEXTS = ['Chart.yaml', 'values.yaml', 'requirements.yaml'] as const
const CHARTS = 'charts'
/** helm itself takes at most 5 MiB a file and 100 MiB a chart. */
const MAX_FILE_BYTES = 5 * 1024 * 1024
const MAX_CHART_BYTES = 100 * 1024 * 1024
/** Charts in charts; a symbolic link may lead in a circle. */
const MAX_DEPTH = 8
/** The bytes that all archives of a chart may still unpack to. Archives in archives are why one budget is shared. */
interface Budget {
  left: number
}
const HINT = 'check that this is a Helm chart'

/**
 * Reads a chart: a directory or a `.tgz`.
 * @throws `input-unreadable`, `input-invalid` if it is no chart
 */
export async function readChart(path: string): Promise<ChartFiles> {
  const isDirectory = (await reading(path, () => stat(path))).isDirectory()
  const budget = { left: MAX_CHART_BYTES }
  const files = isDirectory
    ? await readDirectory(path, MAX_DEPTH, budget)
    : await unpack(createReadStream(path), path, MAX_DEPTH, budget)
  if (files.texts.has('Chart.yaml')) return files
  throw invalidInput(
    path,
    undefined,
    'this is no Helm chart: it has no Chart.yaml',
    'name the directory of the chart, or its .tgz',
  )
}

async function readDirectory(directory: string, depth: number, budget: Budget): Promise<ChartFiles> {
  const texts = new Map<string, string>()
  for (const name of TEXTS) {
    const text = await readText(join(directory, name)).catch(ifMissing(undefined))
    if (text !== undefined) texts.set(name, text)
  }
  const charts = new Map<string, ChartFiles>()
  const folder = join(directory, CHARTS)
  for (const name of (await reading(folder, () => readdir(folder)).catch(ifMissing([]))).toSorted()) {
    if (isIgnored(name) || depth === 0) continue
    const path = join(folder, name)
    const isFolder = (await reading(path, () => stat(path))).isDirectory()
    if (isFolder) charts.set(name, await readDirectory(path, depth - 1, budget))
    else if (name.endsWith('.tgz'))
      charts.set(name, await unpack(createReadStream(path), path, depth - 1, budget))
  }
  return { texts, charts }
}

/** helm passes over such entries of `charts/`. */
function isIgnored(name: string): boolean {
  return /^[._]/.test(name)
}

function ifMissing<T>(otherwise: T): (thrown: unknown) => T {
  return thrown => {
    const code = isGpregError(thrown, 'input-unreadable')
      ? (thrown.cause as NodeJS.ErrnoException).code
      : undefined
    if (code === 'ENOENT') return otherwise
    throw thrown
  }
}

/** Unpacks an archive in memory. Nothing is written, so its paths cannot lead anywhere. */
async function unpack(archive: Readable, path: string, depth: number, budget: Budget): Promise<ChartFiles> {
  if (depth < 0)
    throw invalidInput(path, undefined, `charts in charts are read ${MAX_DEPTH} deep at most`, HINT)
  const root = new ChartTree()
  const tar = extract()
  const limited = (chunks: AsyncIterable<Uint8Array>) => spend(chunks, path, budget)
  const readEntries = async () => {
    for await (const entry of tar) {
      // The first segment is the directory of the chart.
      const segments = entry.header.name
        .replace(/^(?:\.?\/)+/, '')
        .split('/')
        .slice(1)
      if (entry.header.type !== 'file' || !root.wants(segments)) {
        entry.resume()
        continue
      }
      const name = join(path, ...segments)
      root.put(
        segments,
        await buffer(bounded(entry as AsyncIterable<Uint8Array>, name, MAX_FILE_BYTES, HINT)),
      )
    }
  }
  try {
    await Promise.all([pipeline(archive, createGunzip(), limited, tar), readEntries()])
  } catch (cause) {
    if (isGpregError(cause)) throw cause
    throw new GpregError(
      'input-invalid',
      `${place(path)}: this cannot be unpacked: ${(cause as Error).message}`,
      {
        path,
        hint: 'a chart is a directory, or the .tgz that helm package makes',
        cause,
      },
    )
  }
  return root.files((bytes, at) => unpack(Readable.from([bytes]), at, depth - 1, budget), path)
}

async function* spend(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  budget: Budget,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    budget.left -= chunk.byteLength
    if (budget.left < 0)
      throw new GpregError('input-invalid', `${path} unpacks to more than ${MAX_CHART_BYTES} bytes`, {
        hint: HINT,
      })
    yield chunk
  }
}

/** The wanted files of an archive, in the order of their arrival. */
class ChartTree {
  readonly #texts = new Map<string, string>()
  readonly #charts = new Map<string, ChartTree>()
  readonly #archives = new Map<string, Uint8Array>()

  wants(segments: readonly string[]): boolean {
    const [first, name, ...rest] = segments
    if (segments.length === 1) return TEXTS.some(text => text === first)
    if (first !== CHARTS || name === undefined || isIgnored(name)) return false
    return rest.length === 0 ? name.endsWith('.tgz') : rest.length < 2 * MAX_DEPTH && this.wants(rest)
  }

  put([first = '', name, ...rest]: readonly string[], bytes: Uint8Array): void {
    if (name === undefined) this.#texts.set(first, decodeText(bytes))
    else if (rest.length === 0) this.#archives.set(name, bytes)
    else {
      const chart = this.#charts.get(name) ?? new ChartTree()
      this.#charts.set(name, chart)
      chart.put(rest, bytes)
    }
  }

  async files(
    unpack: (archive: Uint8Array, path: string) => Promise<ChartFiles>,
    path: string,
  ): Promise<ChartFiles> {
    const charts = new Map<string, ChartFiles>()
    for (const [name, tree] of this.#charts)
      charts.set(name, await tree.files(unpack, join(path, CHARTS, name)))
    for (const [name, bytes] of this.#archives)
      charts.set(name, await unpack(bytes, join(path, CHARTS, name)))
    return { texts: this.#texts, charts }
  }
}

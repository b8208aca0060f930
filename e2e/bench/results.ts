/** The cost of one run of one command; times in seconds, sizes in bytes. */
export interface Cost {
  readonly wall: number
  /** user and system time of the client and all its children */
  readonly cpu: number
  /** peak memory of the largest single process */
  readonly rss: number
  /** CPU time that the host of the virtual machine gave to other guests during the run */
  readonly stolen: number
}

/** One run, and what its part counts besides. */
export interface Sample extends Cost {
  /** number of requests in the registries' logs */
  readonly requests?: number
  /** bytes of blobs that left the source */
  readonly read?: number
  /** bytes that the target wrote, as counted by the kernel: blobs, and a little for links and answers */
  readonly written?: number
  /** bytes that the files of the client grew by */
  readonly disk?: number
}

/** All runs of one contestant in one phase of a part, such as `cold`. */
export interface Series {
  readonly phase: string
  readonly contestant: string
  readonly runs: readonly Sample[]
  /** number of runs that ended with an error */
  readonly failed: number
}

export const PART_NAMES = [
  'copies',
  'start',
  'verify',
  'bundles',
  'planning',
  'memory',
  'tls',
  'wan',
  'flaky',
] as const

export type PartName = (typeof PART_NAMES)[number]

/** Everything about one thing that is measured. */
export interface Part {
  readonly name: PartName
  /** What was copied, saved or planned. */
  readonly about: string
  /** wall time of the whole part, in seconds */
  readonly seconds: number
  /** unique bytes of the images, where they are compared with bytes on a disk */
  readonly uniqueBytes?: number
  readonly series: readonly Series[]
}

/** A part as its function returns it; the caller takes the time. */
export type Measured = Omit<Part, 'seconds'>

export interface Machine {
  readonly cores: number
  readonly processor: string
  /** bytes */
  readonly memory: number
  readonly system: string
  readonly kernel: string
  /** versions by program; only programs that are installed */
  readonly versions: Readonly<Record<string, string>>
}

/** A limit that gpreg promises to keep, and the measured value. */
export interface Bar {
  readonly what: string
  readonly limit: number
  readonly unit?: 'MB' | 's'
  /** undefined if one side of the comparison did not run */
  readonly found?: number
  readonly met?: boolean
}

/** The document of one run of the benchmark. */
export interface BenchRun {
  readonly kind: 'BenchRun'
  readonly version: 1
  /** ISO 8601, UTC */
  readonly started: string
  readonly commit: string
  /** rounds of most contestants; the runs of a series are counted there */
  readonly rounds: number
  /** factor for all sizes; bars hold at 1 */
  readonly scale: number
  /** false until the last part has been measured */
  readonly complete: boolean
  /** Parts that were left out because time was short, or that failed. */
  readonly leftOut: readonly { readonly name: PartName; readonly why: string }[]
  readonly machine: Machine
  readonly bars: readonly Bar[]
  readonly parts: readonly Part[]
}

export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The median of one figure over the runs of a series; undefined if no run counted it. */
export function medianOf(series: Series | undefined, key: keyof Sample): number | undefined {
  return median(series?.runs.flatMap(run => run[key] ?? []) ?? [])
}

export function findSeries(part: Part | undefined, phase: string, contestant: string): Series | undefined {
  return part?.series.find(series => series.phase === phase && series.contestant === contestant)
}

export function divide(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b
}

import {
  divide,
  findSeries,
  medianOf,
  type Bar,
  type Part,
  type PartName,
  type Sample,
  type Series,
} from './results.ts'

/** Contestants that are no other tool: gpreg itself, and the line and registries by themselves. */
const NO_PEERS = ['gpreg', 'before', 'baseline']

/** Compares the promises of the project with what the parts measured: all are of medians. */
export function judge(parts: readonly Part[]): Bar[] {
  const of = (name: PartName) => parts.find(part => part.name === name)
  return [
    ...apply(of('copies'), copyBars),
    ...apply(of('start'), startBars),
    ...apply(of('memory'), memoryBars),
    ...apply(of('bundles'), bundleBars),
    ...apply(of('planning'), planningBars),
    ...apply(of('verify'), verifyBars),
    ...apply(of('tls'), tlsBars),
    ...apply(of('wan'), lineBars),
  ]
}

export function bar(what: string, limit: number, found: number | undefined, unit?: 'MB' | 's'): Bar {
  return {
    what,
    limit,
    ...(unit === undefined ? {} : { unit }),
    ...(found === undefined ? {} : { found, met: found <= limit }),
  }
}

/** The peer whose median of a figure is the lowest in a phase. */
export function bestPeer(part: Part, phase: string, key: keyof Sample): Series | undefined {
  const known = part.series.filter(
    series =>
      series.phase === phase && !NO_PEERS.includes(series.contestant) && medianOf(series, key) !== undefined,
  )
  return known.toSorted((a, b) => medianOf(a, key)! - medianOf(b, key)!)[0]
}

function apply(part: Part | undefined, bars: (part: Part) => Bar[]): Bar[] {
  return part === undefined ? [] : bars(part)
}

/** The median of a figure of gpreg divided by that of another series. */
function against(part: Part, phase: string, key: keyof Sample, other: Series | undefined) {
  return divide(medianOf(findSeries(part, phase, 'gpreg'), key), medianOf(other, key))
}

function againstBest(part: Part, phase: string, key: keyof Sample, what: string, limit: number): Bar {
  const peer = bestPeer(part, phase, key)
  return bar(`${what} (${peer?.contestant ?? 'none ran'})`, limit, against(part, phase, key, peer))
}

function copyBars(part: Part): Bar[] {
  const baseline = findSeries(part, 'cold', 'baseline')
  return [
    againstBest(part, 'cold', 'wall', 'cold wall / fastest peer', 0.57),
    bar('cold wall / baseline', 0.78, against(part, 'cold', 'wall', baseline)),
    againstBest(part, 'cold', 'cpu', 'cold CPU / leanest peer', 0.95),
    againstBest(part, 'unchanged', 'wall', 'unchanged wall / fastest peer', 0.5),
  ]
}

function startBars(part: Part): Bar[] {
  const wall = (phase: string, contestant: string) => medianOf(findSeries(part, phase, contestant), 'wall')
  const node = wall('bare Node', 'node')
  const version = wall('--version', 'gpreg')
  const above = node === undefined || version === undefined ? undefined : version - node
  return [
    bar('start of --version above bare Node', 0.08, above, 's'),
    bar('start of images --lock', 0.12, wall('images --lock', 'gpreg'), 's'),
  ]
}

function memoryBars(part: Part): Bar[] {
  const peak = (phase: string) => medianOf(findSeries(part, phase, 'gpreg'), 'rss')
  return [
    bar('peak RSS, 1 GB of layers', 150, megabytes(peak('1 GB')), 'MB'),
    bar('peak RSS, 10 GB / 1 GB of layers', 1.05, divide(peak('10 GB'), peak('1 GB'))),
  ]
}

function bundleBars(part: Part): Bar[] {
  const save = findSeries(part, 'save', 'gpreg')
  const volumes = findSeries(part, 'save', 'gpreg, volumes')
  const wall = medianOf(findSeries(part, 'save', 'baseline'), 'wall')
  const mirror = findSeries(part, 'mirror', 'gpreg')
  return [
    bar('bundle save wall / baseline', 1.05, divide(medianOf(save, 'wall'), wall)),
    ...(volumes
      ? [bar('save in volumes wall / baseline', 1.05, divide(medianOf(volumes, 'wall'), wall))]
      : []),
    bar('bundle load wall / mirror', 1, against(part, 'load', 'wall', mirror)),
    bar('bytes on disk / unique bytes', 1.01, divide(medianOf(save, 'disk'), part.uniqueBytes)),
    bar('peak RSS of bundle save', 200, megabytes(medianOf(save, 'rss')), 'MB'),
    bar(
      'disk used by bundle load',
      0.1,
      megabytes(medianOf(findSeries(part, 'load', 'gpreg'), 'disk')),
      'MB',
    ),
  ]
}

function planningBars(part: Part): Bar[] {
  const many = '10,000 images'
  const wall = (phase: string) => medianOf(findSeries(part, phase, 'gpreg'), 'wall')
  const growth = divide(wall(many), wall('1,000 images'))
  return [
    bar(
      'planning 10,000, wall / commit before',
      0.5,
      against(part, many, 'wall', findSeries(part, many, 'before')),
    ),
    bar('planning 10,000, peak RSS', 200, megabytes(medianOf(findSeries(part, many, 'gpreg'), 'rss')), 'MB'),
    bar('planning, time an image / at 1,000', 1.5, divide(growth, 10)),
  ]
}

function verifyBars(part: Part): Bar[] {
  const baseline = findSeries(part, '--deep', 'baseline')
  return [bar('verify --deep wall / curl | sha256sum', 1.1, against(part, '--deep', 'wall', baseline))]
}

function tlsBars(part: Part): Bar[] {
  return [
    againstBest(part, 'cold', 'wall', 'over TLS, wall / fastest peer', 0.7),
    againstBest(part, 'cold', 'cpu', 'over TLS, CPU / leanest peer', 0.5),
  ]
}

function lineBars(part: Part): Bar[] {
  const limits = { 'one layer': 0.35, release: 0.6 }
  return Object.entries(limits).map(([phase, limit]) =>
    againstBest(part, phase, 'wall', `thin line, ${phase} / fastest peer`, limit),
  )
}

function megabytes(bytes: number | undefined): number | undefined {
  return divide(bytes, 1e6)
}

import { by } from '../documents/document.ts'
import type { ReportDocument } from './documents.ts'
import { mergeStatements } from './merge.ts'
import {
  type Report,
  type ReportedFile,
  type ReportedImage,
  type ReportedRun,
  type ReportTotals,
} from './report.ts'
import { statementsOf } from './statements.ts'

export interface ReportOptions {
  readonly title?: string
  /** who made the change; nothing is guessed */
  readonly by?: string
}

/** Makes a report of documents, in any order. Nothing but the documents is looked at. */
export function createReport(
  documents: readonly ReportDocument[],
  { title, by: who }: ReportOptions = {},
): Report {
  const ordered = documents.toSorted(by(each => `${momentOf(each) ?? ''} ${each.path}`))
  const runs = ordered.map(describeRun)
  const images = mergeStatements(ordered.map(statementsOf))
  const date = ordered
    .flatMap(each => finishOf(each) ?? [])
    .toSorted()
    .at(-1)
  const targets = targetPrefixes(ordered, images)
  return {
    title:
      title ?? (targets.length === 0 ? 'Container images' : `Container images in ${targets.join(' and ')}`),
    ...(who === undefined ? {} : { by: who }),
    ...(date === undefined ? {} : { date }),
    targets,
    runs,
    images,
    files: filesOf(ordered),
    totals: totalsOf(images, ordered),
  }
}

/** When the document's run began, or the document was made. */
function momentOf({ type, document }: ReportDocument): string | undefined {
  if (type === 'BundleManifest') return document.lock.document.created
  if (type === 'Error') return undefined
  return 'created' in document ? document.created : document.started
}

function finishOf(each: ReportDocument): string | undefined {
  return 'finished' in each.document ? each.document.finished : momentOf(each)
}

function describeRun(each: ReportDocument): ReportedRun {
  const { document, path } = each
  const { tool, started } = { tool: undefined, started: undefined, ...document }
  const finished = finishOf(each)
  return {
    document: path,
    ...countsOf(each),
    ...(tool === undefined ? {} : { tool }),
    ...(started === undefined ? {} : { started }),
    ...(finished === undefined ? {} : { finished }),
  }
}

type Counts = Pick<ReportedRun, 'action' | 'images' | 'bad' | 'bytes' | 'seconds' | 'error'>

function countsOf({ type, document }: ReportDocument): Counts {
  switch (type) {
    case 'Lock':
      return { action: 'lock', images: document.images.length, bad: 0 }
    case 'Receipt':
      return { action: 'receipt', images: document.images.length, bad: 0 }
    case 'BundleManifest':
      return { action: 'bundle', images: document.lock.document.images.length, bad: 0 }
    case 'BundleInspection':
      return { action: 'bundle', images: document.images.length, bad: 0, bytes: document.totals.bytes }
    case 'VerifyResult': {
      const { images, ok, bytes } = document.totals
      const isDeep = document.depth === 'deep'
      return {
        action: isDeep ? 'verify-deep' : 'verify',
        images,
        bad: images - ok,
        ...(isDeep ? { bytes } : {}),
      }
    }
    case 'MirrorResult':
    case 'SaveResult': {
      const { images, failed, bytes, seconds } = document.totals
      const action = type === 'SaveResult' ? 'save' : 'copy'
      return { action, images, bad: failed, bytes: bytes.sent, seconds }
    }
    case 'Error':
      return { action: 'failed', images: 0, bad: 0, error: document.error }
  }
}

/** The prefixes of the targets: of each host the longest path that all its images are below. */
function targetPrefixes(documents: readonly ReportDocument[], images: readonly ReportedImage[]): string[] {
  const reported = new Set(images.map(({ target }) => target))
  const names = documents.flatMap(each =>
    each.type === 'Receipt'
      ? [`${each.document.target}/`]
      : statementsOf(each).flatMap(({ target }) =>
          target !== undefined && reported.has(target) ? target : [],
        ),
  )
  const byHost = Map.groupBy(names, name => name.split('/')[0] ?? '')
  return [...byHost.values()].map(commonPrefix).toSorted()
}

function commonPrefix(names: readonly string[]): string {
  const paths = names.map(name => name.split('/').slice(0, -1))
  const [first = []] = paths
  const differs = first.findIndex((part, index) => paths.some(path => path[index] !== part))
  return first.slice(0, differs === -1 ? undefined : differs).join('/')
}

/** The files of bundles, each with the hash if any document has it. */
function filesOf(documents: readonly ReportDocument[]): ReportedFile[] {
  const files = new Map<string, ReportedFile>()
  for (const { type, document } of documents) {
    if (type !== 'BundleManifest' && type !== 'BundleInspection' && type !== 'SaveResult') continue
    const volumes: readonly ReportedFile[] = 'volumes' in document ? document.volumes : []
    for (const { name, size, sha256 = files.get(name)?.sha256 } of volumes)
      files.set(name, { name, size, ...(sha256 === undefined ? {} : { sha256 }) })
  }
  return [...files.values()].toSorted(by(({ name }) => name))
}

function totalsOf(images: readonly ReportedImage[], documents: readonly ReportDocument[]): ReportTotals {
  const good = images.filter(({ isGood }) => isGood).length
  const unique = new Map(images.flatMap(({ blobs }) => blobs.map(({ digest, size }) => [digest, size])))
  const whole = images.filter(({ blobs }) => blobs.length === 0)
  const copies = documents.flatMap(({ type, document }) => (type === 'MirrorResult' ? [document.totals] : []))
  const copied = (key: 'sent' | 'mounted' | 'present') => sum(copies.map(({ bytes }) => bytes[key]))
  return {
    images: images.length,
    good,
    bad: images.length - good,
    bytes: {
      images: sum(images.map(({ size = 0 }) => size)),
      unique: sum([...unique.values()]) + sum(whole.map(({ size = 0 }) => size)),
      sent: copied('sent'),
      mounted: copied('mounted'),
      present: copied('present'),
    },
    ...(copies.length === 0 ? {} : { seconds: sum(copies.map(({ seconds }) => seconds)) }),
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0)
}

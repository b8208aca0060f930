import { by } from '../documents/document.ts'
import { isGoodState, type ReportedImage } from './report.ts'
import type { Statement } from './statements.ts'

/** A statement with the place of its document in time. */
interface Dated {
  readonly statement: Statement
  readonly order: number
}

/**
 * Makes one image of all statements about it. Statements meet by the name at the target, else by the name in a bundle, else by the
 * source, else by digest and last part of the name: a lock and what was verified by it may have no other word in common.
 * @param documents the statements of each document, oldest document first
 */
export function mergeStatements(documents: readonly (readonly Statement[])[]): ReportedImage[] {
  const isElsewhere = plansElsewhere(documents)
  const all = documents.flatMap((statements, order) => {
    const meets = isElsewhere(statements)
    return statements.map(statement => ({ dated: { statement, order }, meets }))
  })
  const rows = new Rows()
  for (const { dated, meets } of all) {
    const { target } = dated.statement
    if (target !== undefined && !meets) rows.at(target, dated)
  }
  rows.close()
  for (const { dated, meets } of all) if (dated.statement.target === undefined || meets) rows.meet(dated)
  return rows
    .all()
    .map(fold)
    .toSorted(by(image => `${image.target ?? ''} ${image.source ?? ''}`))
}

/**
 * Tells a document whose targets are only planned, while other documents report of other targets. One lock serves several registries, so
 * the target in it is no place of its own then.
 */
function plansElsewhere(
  documents: readonly (readonly Statement[])[],
): (statements: readonly Statement[]) => boolean {
  const reported = new Set(
    documents.flat().flatMap(({ state, target }) => (state === 'listed' ? [] : (target ?? []))),
  )
  return statements =>
    reported.size > 0 && statements.every(({ target }) => target === undefined || !reported.has(target))
}

class Rows {
  readonly #byName = new Map<string, Dated[]>()
  #bySource = new Map<string, Dated[][]>()
  #byDigest = new Map<string, Dated[][]>()

  all(): Dated[][] {
    return [...this.#byName.values()]
  }

  at(name: string, dated: Dated): void {
    const row = this.#byName.get(name)
    if (row === undefined) this.#byName.set(name, [dated])
    else row.push(dated)
  }

  /** All statements with a target are there: from now on others look for them. */
  close(): void {
    const distinct = (row: Dated[], key: (statement: Statement) => string | undefined) =>
      new Set(row.flatMap(({ statement }) => key(statement) ?? []))
    for (const row of this.all()) {
      for (const source of distinct(row, each => each.source)) append(this.#bySource, source, row)
      for (const digest of distinct(row, each => each.digest)) append(this.#byDigest, digest, row)
    }
  }

  /** Adds a statement to all images that it is about, wherever they are. Its own target counts if there are none. */
  meet(dated: Dated): void {
    const { target, ...statement } = dated.statement
    const { source, path, digest } = statement
    const found = this.#bySource.get(source ?? '') ?? this.#alike(digest, path ?? source ?? '')
    const below = path === undefined ? found : found.filter(row => nameOf(row)?.endsWith(`/${path}`))
    const meant = below.length > 0 ? below : found
    for (const row of meant) row.push({ ...dated, statement })
    if (meant.length === 0) this.at(target ?? path ?? `${source} in no registry`, dated)
  }

  #alike(digest: string | undefined, name: string): Dated[][] {
    const last = lastPart(name)
    const same = this.#byDigest.get(digest ?? '') ?? []
    return same.filter(
      row => lastPart(nameOf(row) ?? '') === last && !row.some(each => each.statement.source),
    )
  }
}

function append(map: Map<string, Dated[][]>, key: string, row: Dated[]): void {
  const rows = map.get(key)
  if (rows === undefined) map.set(key, [row])
  else rows.push(row)
}

function nameOf(row: readonly Dated[]): string | undefined {
  return row.find(({ statement }) => statement.target !== undefined)?.statement.target
}

/** `redis:6.2` of `registry.internal/gitpod/library/redis:6.2` */
function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

function fold(row: readonly Dated[]): ReportedImage {
  const ordered = row.toSorted((a, b) => a.order - b.order)
  const said = ordered.map(({ statement }) => statement)
  const last = ordered.findLast(({ statement }) => statement.state !== 'listed')
  const state = last?.statement.state ?? 'listed'
  const lastGood = said.findLastIndex(each => each.state !== 'listed' && isGoodState(each.state))
  const sinceGood = said.slice(lastGood + 1)
  const digest =
    said.findLast(each => each.state !== 'listed' && each.digest !== undefined)?.digest ?? said.at(-1)?.digest
  const about = said.filter(each => each.digest === undefined || each.digest === digest)
  const source = said.find(each => each.source !== undefined)?.source
  const target = said.find(each => each.target !== undefined)?.target ?? said.find(each => each.path)?.path
  const purpose = said.find(each => each.purpose !== undefined)?.purpose
  const [before, after] = [
    said.find(each => each.before !== undefined)?.before,
    said.findLast(each => each.after !== undefined)?.after,
  ]
  const copy = said.findLast(each => each.copy !== undefined)?.copy
  // What is not all right may be so because its signature is gone.
  const signer = isGoodState(state) ? about.findLast(each => each.signer !== undefined)?.signer : undefined
  return {
    ...(source === undefined ? {} : { source }),
    ...(target === undefined ? {} : { target }),
    ...(digest === undefined ? {} : { digest }),
    ...contentOf(about),
    ...(purpose === undefined ? {} : { purpose }),
    ...(signer === undefined ? {} : { signer }),
    origins: [...new Set(said.flatMap(({ origins = [] }) => origins))].toSorted(),
    state,
    isGood: isGoodState(state),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...bytesOf(said),
    ...(copy === undefined ? {} : { copy }),
    problems: isGoodState(state) ? [] : sinceGood.flatMap(({ problems = [] }) => problems),
  }
}

/** The newest of every fact, because a later document may have looked closer. */
function contentOf(about: readonly Statement[]) {
  const contents = about.flatMap(({ content }) => content ?? []).toReversed()
  const referrers = contents.flatMap(content => (content.referrers === undefined ? [] : [content.referrers]))
  const platforms = contents.find(content => (content.platforms?.length ?? 0) > 0)?.platforms ?? []
  const blobs = contents.find(content => (content.blobs?.length ?? 0) > 0)?.blobs ?? []
  const size = contents.find(({ bytes }) => bytes !== undefined)?.bytes
  const created = contents.find(content => content.created !== undefined)?.created
  const licenses = contents.find(content => content.licenses !== undefined)?.licenses
  const distinct = new Map(referrers.flat().map(each => [each.digest, each]))
  return {
    platforms,
    blobs,
    ...(size === undefined ? {} : { size }),
    ...(created === undefined ? {} : { created }),
    ...(licenses === undefined ? {} : { licenses }),
    ...(referrers.length === 0
      ? {}
      : { referrers: [...distinct.values()].toSorted(by(each => each.digest)) }),
  }
}

function bytesOf(said: readonly Statement[]): Pick<ReportedImage, 'bytes'> {
  const copies = said.flatMap(({ bytes }) => bytes ?? [])
  if (copies.length === 0) return {}
  const sum = (key: 'sent' | 'mounted' | 'present') => copies.reduce((all, each) => all + each[key], 0)
  return { bytes: { sent: sum('sent'), mounted: sum('mounted'), present: sum('present') } }
}

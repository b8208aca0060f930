import type { Digest } from '@gpreg/oci'
import { joinPath } from '@gpreg/oci/engine'
import { referrerOf, type ImageContent } from '../actions/image-content.ts'
import type { Lock, LockEntry } from '../documents/lock.ts'
import type { DocumentOf, ReportDocument } from './documents.ts'
import type { ImageState, ReportedImage, ReportedProblem } from './report.ts'

/** What one document says of one image. */
export interface Statement {
  readonly source?: string | undefined
  /** full name at the target */
  readonly target?: string
  /** name in a bundle */
  readonly path?: string
  /** of the image that the other fields are about */
  readonly digest?: Digest | undefined
  readonly state: ImageState
  readonly content?: Partial<ImageContent> | undefined
  readonly purpose?: string
  readonly origins?: readonly string[] | undefined
  /** The digest at the target before and after; null if there was none, undefined if the document does not know. */
  readonly before?: Digest | null | undefined
  readonly after?: Digest | null | undefined
  readonly bytes?: ReportedImage['bytes']
  readonly copy?: ReportedImage['copy']
  readonly signer?: ReportedImage['signer']
  readonly problems?: readonly ReportedProblem[]
}

export function statementsOf({ type, document }: ReportDocument): Statement[] {
  switch (type) {
    case 'Lock':
      return lockStatements(document)
    case 'BundleManifest':
      return lockStatements(document.lock.document)
    case 'BundleInspection':
      return document.images.flatMap(({ paths, source, digest, origins, ...content }) =>
        paths.map((path): Statement => ({ source, path, digest, origins, content, state: 'listed' })),
      )
    case 'Receipt':
      return document.images.map(({ path, digest }) => {
        const target = joinPath(document.target, path)
        return { target, digest, state: 'held', before: digest, after: digest }
      })
    case 'MirrorResult':
    case 'SaveResult':
      return document.images.map(image => copyStatement(image, type))
    case 'VerifyResult':
      return verifyStatements(document)
    case 'Error':
      return []
  }
}

function lockStatements({ images }: Lock): Statement[] {
  return images.flatMap((entry): Statement[] => {
    const { source, target, paths = [], digest, filtered, purpose, origins, verified } = entry
    const content = lockedContent(entry)
    const about = { source, digest: filtered?.digest ?? digest, purpose, origins, content }
    const shared = { ...about, ...signedBy(verified) }
    if (paths.length > 0) return paths.map(path => ({ ...shared, path, state: 'listed' }))
    return [{ ...shared, ...(target === undefined ? {} : { target }), state: 'listed' }]
  })
}

function lockedContent({ bytes, filtered, referrers }: LockEntry): Partial<ImageContent> {
  return {
    bytes,
    // Signatures of a whole index do not hold for a part of it.
    referrers: filtered === undefined ? referrers.map(referrerOf) : [],
    ...(filtered === undefined ? {} : { platforms: filtered.platforms }),
  }
}

type CopyRow = DocumentOf<'MirrorResult'>['images'][number]

function copyStatement(image: CopyRow, type: 'MirrorResult' | 'SaveResult'): Statement {
  const { source, target, digest, status, error, referrerOf: subject } = image
  const problems = error === undefined ? [] : [error]
  if (subject !== undefined) return { target: subject, state: 'incomplete', problems }
  if (type === 'SaveResult') {
    const state = status === 'failed' ? 'failed' : 'saved'
    return {
      source,
      path: target,
      digest,
      state,
      content: image.content,
      problems,
      ...signedBy(image.verified),
    }
  }
  const { content, origins, bytes, from, started, finished } = image
  const copy =
    started && finished ? { from: from ?? source.split('/')[0] ?? source, started, finished } : undefined
  return {
    source,
    target,
    digest,
    content,
    origins,
    state: status,
    problems,
    ...change(image),
    ...(bytes === undefined ? {} : { bytes }),
    ...(copy === undefined ? {} : { copy }),
    ...signedBy(image.verified),
  }
}

function signedBy(signer: ReportedImage['signer']): Pick<Statement, 'signer'> {
  return signer === undefined ? {} : { signer }
}

/** What the tag was and is. Only a document that says what an image is made of would also say what the image replaced. */
function change({ status, digest, replaced, content }: CopyRow): Pick<Statement, 'before' | 'after'> {
  if (status === 'failed') return { before: replaced, after: replaced }
  if (status === 'up-to-date') return { before: digest, after: digest }
  return { before: content === undefined ? undefined : (replaced ?? null), after: digest }
}

function verifyStatements({ images, depth }: DocumentOf<'VerifyResult'>): Statement[] {
  const whole = depth === 'deep' ? 'verified-deep' : 'verified'
  return images.map(({ target, source, origins, expected, found, status, problems, content, verified }) => {
    const there = status === 'unreadable' && found === null ? undefined : found
    return {
      source,
      target,
      digest: found ?? expected ?? undefined,
      content,
      origins,
      state: status === 'ok' ? whole : status,
      before: there,
      after: there,
      problems,
      ...signedBy(verified),
    }
  })
}

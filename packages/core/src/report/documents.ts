import { z } from 'zod'
import { digestShape, documentShape, defineDocument } from '../documents/document.ts'
import { readLock, signerShape, type Lock } from '../documents/lock.ts'
import { parseReceipt, type Receipt } from '../documents/receipt.ts'
import { parseSidecar, type Sidecar } from '../documents/sidecar.ts'
import { documentKind } from '../document-kinds.ts'
import { invalidInput, parseJson } from '../input.ts'

/** A document of a report, with the path that it was read from. */
export type ReportDocument = { readonly path: string } & (
  | { readonly type: 'Lock'; readonly document: Lock }
  | { readonly type: 'Receipt'; readonly document: Receipt }
  | { readonly type: 'BundleManifest'; readonly document: Sidecar }
  | { readonly type: 'BundleInspection'; readonly document: z.output<typeof inspectionShape> }
  | { readonly type: 'MirrorResult'; readonly document: z.output<typeof mirrorShape> }
  | { readonly type: 'SaveResult'; readonly document: z.output<typeof saveShape> }
  | { readonly type: 'VerifyResult'; readonly document: z.output<typeof verifyShape> }
  | { readonly type: 'Error'; readonly document: z.output<typeof errorShape> }
)
export type DocumentOf<T extends ReportDocument['type']> = Extract<
  ReportDocument,
  { readonly type: T }
>['document']

const bytes = z.number().min(0)
const blob = z.object({ digest: digestShape, size: bytes })
const referrers = z.array(z.object({ digest: digestShape, type: z.string() }))
const time = z.iso.datetime().exactOptional()
const tool = z.string().exactOptional()
const told = { tool, started: time, finished: time }

const facts = {
  platforms: z.array(z.string()),
  bytes,
  blobs: z.array(blob).default([]),
  created: z.string().exactOptional(),
  licenses: z.string().exactOptional(),
}
const content = z.object({ ...facts, referrers: referrers.exactOptional() })
const origins = z.array(z.string()).exactOptional()
const error = z.object({ message: z.string(), hint: z.string().exactOptional() })

const copyFields = {
  ...told,
  images: z.array(
    z.object({
      source: z.string(),
      target: z.string(),
      digest: digestShape.exactOptional(),
      status: z.enum(['copied', 'up-to-date', 'failed']),
      error: error.exactOptional(),
      referrerOf: z.string().exactOptional(),
      from: z.string().exactOptional(),
      replaced: digestShape.exactOptional(),
      origins,
      content: content.exactOptional(),
      verified: signerShape.exactOptional(),
      bytes: z.object({ sent: bytes, mounted: bytes, present: bytes }).exactOptional(),
      started: time,
      finished: time,
    }),
  ),
  totals: z.object({
    images: bytes,
    copied: bytes,
    upToDate: bytes,
    failed: bytes,
    bytes: z.object({ unique: bytes, sent: bytes, mounted: bytes, present: bytes }),
    seconds: bytes,
  }),
}
const mirrorShape = documentShape('MirrorResult', 1, copyFields)
const saveShape = documentShape('SaveResult', 1, {
  ...copyFields,
  volumes: z.array(z.object({ name: z.string(), size: bytes, sha256: z.string() })).default([]),
})

const verifyShape = documentShape('VerifyResult', 1, {
  ...told,
  depth: z.enum(['shallow', 'deep']).exactOptional(),
  images: z.array(
    z.object({
      target: z.string(),
      source: z.string().exactOptional(),
      origins,
      expected: digestShape.nullable(),
      found: digestShape.nullable(),
      status: z.enum(['ok', 'missing', 'different', 'incomplete', 'unreadable']),
      problems: z.array(error),
      content: content.exactOptional(),
      verified: signerShape.exactOptional(),
    }),
  ),
  totals: z.object({ images: bytes, ok: bytes, bytes }),
})

const inspectionShape = documentShape('BundleInspection', 1, {
  bundle: z.string(),
  created: z.iso.datetime(),
  tool,
  volumes: z.array(z.object({ name: z.string(), size: bytes })),
  images: z.array(
    z.object({
      source: z.string(),
      paths: z.array(z.string()),
      digest: digestShape,
      origins,
      ...facts,
      referrers,
    }),
  ),
  totals: z.object({ images: bytes, bytes }),
})

const errorShape = documentShape('Error', 1, { error })

const HINT = 'make it anew with --json, or leave it out'
const define = <S extends z.ZodType>(noun: string, shape: S) =>
  defineDocument({ noun, version: 1, shape, hint: HINT }).parse

const READERS = {
  Lock: readLock,
  Receipt: parseReceipt,
  BundleManifest: parseSidecar,
  BundleInspection: define('an answer of bundle inspect', inspectionShape),
  MirrorResult: define('an answer of mirror or bundle load', mirrorShape),
  SaveResult: define('an answer of bundle save', saveShape),
  VerifyResult: define('an answer of verify', verifyShape),
  Error: define('an answer of a command that failed', errorShape),
}

/**
 * Reads a document that a report can be made of: a lock, a receipt, the manifest of a bundle, or an answer of `--json`.
 * @throws `input-invalid`
 */
export function parseReportDocument(text: string, path: string): ReportDocument {
  const kind = kindOf(text, path)
  const read = Object.entries(READERS).find(([known]) => known === kind)?.[1]
  if (read === undefined) {
    const found =
      documentKind(kind)?.what ??
      (typeof kind === 'string' ? `a document of kind ${JSON.stringify(kind)}` : 'no document of gpreg')
    const hint =
      'a report is made of locks, receipts, PATH.manifest.json of bundles, and what mirror, verify, bundle save, load and inspect print with --json'
    throw invalidInput(path, undefined, found, hint)
  }
  return { path, type: kind, document: read(text, path) } as ReportDocument
}

function kindOf(text: string, path: string): unknown {
  const json = parseJson(text, why => invalidInput(path, undefined, why, HINT))
  return z.looseObject({}).safeParse(json).data?.kind
}

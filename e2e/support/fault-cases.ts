import type { Fault, FaultRule } from './fault-proxy.ts'

/** One fault on the way to one side of a copy. */
export interface FaultCase {
  readonly name: string
  readonly where: Pick<FaultRule, 'method' | 'path'>
  /** number of requests that the fault hits; default: 1 */
  readonly times?: number
  readonly fault: Fault | (() => Fault)
  /** The error codes that the copy may end with. Undefined if the copy must complete. */
  readonly codes?: readonly string[]
}

export const LAYER_BYTES = 1_500_000

const DOWNLOAD = { method: 'GET', path: /\/blobs\/sha256:/ }
const READ_MANIFEST = { path: /\/manifests\// }
const OPEN_UPLOAD = { method: 'POST', path: /\/blobs\/uploads\/$/ }
const UPLOAD = { method: 'PUT', path: /\/blobs\/uploads\/./ }
const ANY_UPLOAD = { path: /\/blobs\/uploads\/./ }
const WRITE_MANIFEST = { method: 'PUT', path: /\/manifests\// }

const tooMany = (retryAfter: string): Fault => ({
  kind: 'status',
  status: 429,
  headers: { 'retry-after': retryAfter },
})
const soon = () => tooMany(new Date(Date.now() + 2000).toUTCString())
const status = (code: number): Fault => ({ kind: 'status', status: code })
const wrongDigest: Fault = {
  kind: 'header',
  name: 'docker-content-digest',
  value: `sha256:${'0'.repeat(64)}`,
}

export const ON_THE_SOURCE: readonly FaultCase[] = [
  { name: '500 burst on blobs', where: DOWNLOAD, times: 3, fault: status(500) },
  { name: '503 burst on manifests', where: READ_MANIFEST, times: 2, fault: status(503) },
  { name: '503 without end', where: DOWNLOAD, times: Infinity, fault: status(503), codes: ['server-error'] },
  { name: '429 with Retry-After in seconds', where: DOWNLOAD, fault: tooMany('1') },
  { name: '429 with Retry-After as a date', where: DOWNLOAD, fault: soon },
  { name: '429 on a manifest', where: READ_MANIFEST, fault: tooMany('1') },
  { name: 'body cut short, closed', where: DOWNLOAD, fault: { kind: 'cut', after: 1000, clean: true } },
  { name: 'body cut short, reset', where: DOWNLOAD, fault: { kind: 'cut', after: 700_000 } },
  {
    name: 'manifest cut short',
    where: { ...READ_MANIFEST, method: 'GET' },
    fault: { kind: 'cut', after: 50 },
  },
  { name: 'body shorter than its descriptor', where: DOWNLOAD, fault: { kind: 'length', by: -10 } },
  { name: 'body longer than its descriptor', where: DOWNLOAD, fault: { kind: 'length', by: 10 } },
  { name: 'one corrupted byte', where: DOWNLOAD, fault: { kind: 'corrupt', at: 100 } },
  {
    name: 'corrupted without end',
    where: DOWNLOAD,
    times: Infinity,
    fault: { kind: 'corrupt', at: 100 },
    codes: ['digest-mismatch'],
  },
  {
    name: 'corrupted manifest',
    where: { ...READ_MANIFEST, method: 'GET' },
    times: Infinity,
    fault: { kind: 'corrupt', at: 20 },
    codes: ['digest-mismatch', 'manifest-invalid'],
  },
  {
    name: 'wrong Docker-Content-Digest on manifests',
    where: READ_MANIFEST,
    times: Infinity,
    fault: wrongDigest,
    codes: ['digest-mismatch', 'not-found'],
  },
  { name: 'wrong Docker-Content-Digest on blobs', where: DOWNLOAD, times: Infinity, fault: wrongDigest },
  { name: 'no answer at all', where: DOWNLOAD, fault: { kind: 'silence' } },
  { name: 'headers, then no bytes', where: DOWNLOAD, fault: { kind: 'stall', after: 0 } },
  { name: 'some bytes, then no more', where: DOWNLOAD, fault: { kind: 'stall', after: 1000 } },
  {
    name: 'a hang without end',
    where: DOWNLOAD,
    times: Infinity,
    fault: { kind: 'stall', after: 0 },
    codes: ['stalled'],
  },
]

export const ON_THE_TARGET: readonly FaultCase[] = [
  { name: '500 burst on opening uploads', where: OPEN_UPLOAD, times: 3, fault: status(500) },
  { name: '503 burst on uploads', where: UPLOAD, times: 3, fault: status(503) },
  { name: '429 with Retry-After on an upload', where: UPLOAD, fault: tooMany('1') },
  { name: '429 with a date on the tag', where: WRITE_MANIFEST, fault: soon },
  {
    name: '503 without end on the tag',
    where: WRITE_MANIFEST,
    times: Infinity,
    fault: status(503),
    codes: ['server-error'],
  },
  { name: 'upload cut after some bytes', where: UPLOAD, fault: { kind: 'cut-request', after: 1_000_000 } },
  {
    name: 'upload cut again and again',
    where: ANY_UPLOAD,
    times: 3,
    fault: { kind: 'cut-request', after: 400_000 },
  },
  {
    name: 'bodies capped at 1 MB by a proxy',
    where: ANY_UPLOAD,
    times: Infinity,
    fault: { kind: 'cap', bytes: 1_000_000 },
  },
  {
    name: 'reset at the final PUT, before it was stored',
    where: UPLOAD,
    fault: { kind: 'reset', when: 'lost' },
  },
  {
    name: 'reset at the final PUT, after it was stored',
    where: UPLOAD,
    fault: { kind: 'reset', when: 'unanswered' },
  },
  {
    name: 'reset at every final PUT',
    where: UPLOAD,
    times: Infinity,
    fault: { kind: 'reset', when: 'lost' },
    codes: ['unreachable', 'upload-lost'],
  },
  { name: 'reset at the tag', where: WRITE_MANIFEST, fault: { kind: 'reset', when: 'unanswered' } },
  { name: 'an upload that hangs', where: UPLOAD, fault: { kind: 'stall-request', after: 1000 } },
  { name: 'an upload without answer', where: UPLOAD, fault: { kind: 'silence' } },
  {
    name: 'wrong Docker-Content-Digest for what was stored',
    where: WRITE_MANIFEST,
    times: Infinity,
    fault: wrongDigest,
  },
]

import { expect } from 'vitest'
import type { FaultProxy } from './fault-proxy.ts'
import { startGpreg } from './gpreg.ts'
import type { Exchange } from './reverse-proxy.ts'

/** Number of blobs that arrive before the proxy holds all further uploads. */
export const FINISHED = 5

const UPLOAD = /\/blobs\/uploads\/[^/]+$/

/**
 * Stops every upload after its first bytes, except the first ones. The stopped uploads start when those are finished,
 * because crane's registry answers no upload while it waits for the bytes of another one.
 */
export function holdUploads(proxy: FaultProxy): void {
  const start = proxy.until(exchanges => finishedUploads(exchanges).length >= FINISHED)
  proxy.inject({
    path: UPLOAD,
    skip: FINISHED,
    times: Infinity,
    fault: { kind: 'stall-request', after: 1000, start },
  })
}

/** True if some blobs are finished and another one has begun. */
export function inMidCopy(exchanges: readonly Exchange[]): boolean {
  const begun = exchanges.some(
    ({ path, status, received }) => UPLOAD.test(path) && status === 0 && received > 0,
  )
  return begun && finishedUploads(exchanges).length >= FINISHED
}

/**
 * Starts a command that copies through the proxy, kills it in the middle, and lets the proxy work again.
 * @returns the uploads that were finished
 */
export async function killInMidCopy(
  proxy: FaultProxy,
  command: readonly string[],
): Promise<readonly Upload[]> {
  holdUploads(proxy)
  await using run = await startGpreg([...command])
  await proxy.until(inMidCopy)
  run.signal('SIGKILL')
  expect(await run.exited).toMatchObject({ signal: 'SIGKILL' })
  const finished = finishedUploads(proxy.exchanges)
  proxy.inject()
  proxy.clear()
  return finished
}

/** A blob that the registry accepted. */
export interface Upload {
  readonly repository: string
  readonly digest: string
}

export function finishedUploads(exchanges: readonly Exchange[]): Upload[] {
  return exchanges
    .filter(({ method, status }) => method === 'PUT' && status === 201)
    .flatMap(({ path, query }) => {
      const digest = query.get('digest')
      return digest === null ? [] : [{ repository: path.split('/blobs/')[0]!, digest }]
    })
}

export function digestsOf(uploads: readonly Pick<Upload, 'digest'>[]): ReadonlySet<string> {
  return new Set(uploads.map(({ digest }) => digest))
}

import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createContext, type GpregEvent } from '@gpreg/core'
import type { GpregError } from '@gpreg/oci'
import { createGcpProvider } from '@gpreg/provider-gcp'
import { failureTable, type FailureCell } from '../../support/cloud/failure-table.ts'
import { Cloud, Refusal, type ApiCall } from '../../support/cloud/gcp/cloud.ts'
import { FAILURES, type GoogleFailure } from '../../support/cloud/gcp/failures.ts'
import { serveCloud, type Form } from '../../support/cloud/gcp/forms.ts'
import { DocumentedSection } from '../../support/documented-section.ts'

const ARTIFACT_REGISTRY = 'artifactregistry.googleapis.com'
const METHODS = [
  ...['GetService', 'EnableService', 'GetOperation', 'GetRepository', 'CreateRepository', 'DeleteRepository'],
] as readonly ApiCall['method'][]

/** Calls that have no operation that could end. */
const SHORT: ReadonlySet<string> = new Set(['GetService', 'GetRepository'])

const isRaw = (answer: GoogleFailure['answer']) => 'raw' in answer
const isOperation = (answer: GoogleFailure['answer']) => 'done' in answer

describe('a failing call to Google Cloud', () => {
  const cells: FailureCell[] = []

  /** Lets one call fail, as often as it is made, but not for Container Registry, which is optional. */
  async function fail({ answer }: GoogleFailure, method: ApiCall['method'], form: Form) {
    const cloud = new Cloud()
    await using served = await serveCloud(cloud, form)
    const events: GpregEvent[] = []
    const context = createContext({ sleep: async () => {}, emit: event => events.push(event) })
    const where = { project: 'p1', installation: 'prod', location: 'europe-west1', registry: 'gcr' } as const
    const provider = createGcpProvider({ ...where, clients: served.clients })
    cloud.polls = 1
    cloud.enabled.add('containerregistry.googleapis.com')
    if (method === 'DeleteRepository') await provider.apply(context)
    let reached = 0
    if ('raw' in answer) cloud.raw = called => (called === method ? (reached++, answer.raw) : undefined)
    else
      cloud.script = call => {
        const isOptional = call.request.name?.endsWith('/containerregistry.googleapis.com') ?? false
        return call.method === method && !isOptional ? (reached++, answer) : undefined
      }
    const work = method === 'DeleteRepository' ? provider.destroy(context) : provider.apply(context)
    const error = (await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )) as GpregError | undefined
    return { error, reached, seen: [error, events] }
  }

  it.each(FAILURES)('is told with its code and hint: $name', async failure => {
    const { answer } = failure
    const forms: readonly Form[] = isRaw(answer) ? ['REST'] : ['gRPC', 'REST']
    for (const method of METHODS) {
      if (isOperation(answer) && SHORT.has(method)) continue
      for (const form of forms) {
        const { error, reached, seen } = await fail(failure, method, form)
        expect(reached, `${method} is made`).toBeGreaterThan(0)
        const shown = inspect(seen, { depth: Infinity, showHidden: true })
        for (const secret of ['canary page', 'secret of the ser', 'Bearer '])
          expect(shown).not.toContain(secret)
        if (form === forms[0]) cells.push({ failure: failure.name, call: method, error })
        else {
          const { error: other } = cells.at(-1)!
          expect([error?.code, error?.hint], `${method} is told alike over both`).toEqual([
            other?.code,
            other?.hint,
          ])
        }
        if (error === undefined) continue
        expect(error.code, `${method}: ${error.message}`).not.toBe('bug')
        if (answer instanceof Refusal) expect(error.message, method).toContain('canary words of the server')
      }
    }
  })

  it('has the documented outcome', async () => {
    const plain = (hint: string) =>
      hint
        .replace(/\b(?:serviceusage|artifactregistry)\.[a-z]+\.[a-z]+/gi, 'PERMISSION')
        .replace(/roles\/[\w.]+(?= \(serviceAccount)/, 'ROLE')
        .replace(`${ARTIFACT_REGISTRY} `, 'API ')
        .replace('serviceusage.googleapis.com ', 'API ')
        .replaceAll(/\bp1\b/g, 'PROJECT')
    const table = failureTable(cells, plain)
    const section = new DocumentedSection('clouds.md', 'google-failures')
    if (process.env['UPDATE_CLOUDS'] !== undefined) await section.write(table)
    console.log(table)
    expect(table).toBe(await section.read())
  })
})

import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { GpregError } from '@gpreg/oci'
import { FAILURES, type AzureFailure } from '../../support/cloud/azure/failures.ts'
import { OPERATIONS } from '../../support/cloud/azure/operations.ts'
import { useAzure } from '../../support/cloud/azure/provisioning.ts'
import { GROUP, SUBSCRIPTION } from '../../support/cloud/azure/subscription.ts'
import { failureTable, type FailureCell } from '../../support/cloud/failure-table.ts'
import { DocumentedSection } from '../../support/documented-section.ts'
import { needs } from '../../support/tools.ts'

const ARM = Object.keys(OPERATIONS).filter(name => !name.startsWith('entra:'))

describe.skipIf(needs('openssl'))('a failing call to Azure', () => {
  const openAzure = useAzure()
  const cells: FailureCell[] = []

  /** Lets one call fail, as often as it is made. */
  async function fail({ answer, isSecondPage = false }: AzureFailure, call: string) {
    await using azure = await openAzure()
    const work = await OPERATIONS[call]!(azure)
    let reached = 0
    azure.subscription.script = (name, { searchParams, pathname }) => {
      if (name !== call) return undefined
      if (isSecondPage && !searchParams.has('$skiptoken'))
        return { status: 200, body: firstPage(azure.resourceManager, pathname) }
      reached++
      return answer
    }
    const error = (await work().then(
      () => undefined,
      (thrown: unknown) => thrown,
    )) as GpregError | undefined
    const waits = azure.retries().map(event => (event.type === 'retry' ? event.delay : 0))
    return { error, reached, waits, seen: [error, azure.events], tokens: azure.tokens.all }
  }

  it.each(FAILURES)('is told with its code and hint: $name', async failure => {
    for (const call of failure.at ?? ARM) {
      const { error, reached, waits, seen, tokens } = await fail(failure, call)
      expect(reached, `${call} is made`).toBeGreaterThan(0)
      cells.push({ failure: failure.name, call, error })
      const shown = inspect(seen, { depth: Infinity, showHidden: true })
      for (const secret of ['canary page', 'secret of the ser', ...tokens])
        expect(shown).not.toContain(secret)
      if (error === undefined) continue
      expect(error.code, `${call}: ${error.message}`).not.toBe('bug')
      expect(error.hint ?? 'undefined', call).not.toContain('undefined')
      expect(error.message.includes('Pagination failed')).toBe(false)
      if (failure.code !== undefined && error.code !== 'name-taken')
        expect(error.message, call).toContain(`${failure.code}: canary words of the server`)
      if (error.code === 'rate-limited') expect(waits.every(wait => wait === 7_000)).toBe(true)
    }
  })

  it('has the documented outcome', async () => {
    const plain = (hint: string) =>
      hint
        .replaceAll(SUBSCRIPTION, 'SUBSCRIPTION')
        .replaceAll(GROUP, 'GROUP')
        .replace(/gitpod(?:images|[0-9a-f]{8})/g, 'NAME')
        .replaceAll('00000000-0000-4000-8000-00000000ffff', 'SUBSCRIPTION')
        .replace(/Microsoft\.(?:ContainerRegistry|Resources)\/[\w/]+/, 'PERMISSION')
    const table = failureTable(cells, plain)
    const section = new DocumentedSection('clouds.md', 'azure-failures')
    if (process.env['UPDATE_CLOUDS'] !== undefined) await section.write(table)
    console.log(table)
    expect(table).toBe(await section.read())
  })
})

const firstPage = (origin: string, path: string): string =>
  JSON.stringify({ value: [], nextLink: `${origin}${path}?api-version=2025-11-01&%24skiptoken=2` })

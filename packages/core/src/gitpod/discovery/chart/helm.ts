import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { abortedError } from '@gpreg/oci/engine'
import type { Context } from '../../../context.ts'
import { invalidInput } from '../../../input.ts'
import { hasContent } from '../manifests/documents.ts'

/** The largest output of helm that is taken. Charts with many CRDs render to several MB. */
const MAX_BYTES = 256 * 1024 * 1024

/**
 * Renders a chart with the `helm` in PATH, with its CRDs, hooks and tests, because all of them may run images.
 * @returns the manifests, or undefined if helm is not installed
 * @throws `input-invalid` with what helm says
 */
export async function renderChart(
  path: string,
  valuesFiles: readonly string[],
  { signal }: Context,
): Promise<string | undefined> {
  const values = valuesFiles.flatMap(file => ['--values', resolve(file)])
  const args = ['template', 'gpreg', resolve(path), '--include-crds', ...values]
  const { error, stdout, stderr } = await run(args, signal)
  if (error === null) return stdout
  if (error.code === 'ENOENT') return undefined
  if (error.name === 'AbortError') throw abortedError(error)
  const said = stderr.trim().replace(/^Error: /gm, '') || error.message
  const exit = typeof error.code === 'number' ? ` (exit code ${error.code})` : ''
  throw invalidInput(path, undefined, `helm cannot render this chart: ${said}${exit}`, hintFor(stderr), error)
}

interface Outcome {
  readonly error: (Error & { code?: string | number | null }) | null
  readonly stdout: string
  readonly stderr: string
}

function run(args: readonly string[], signal: AbortSignal): Promise<Outcome> {
  return new Promise(done =>
    execFile('helm', args, { signal, maxBuffer: MAX_BYTES }, (error, stdout, stderr) =>
      done({ error, stdout, stderr }),
    ),
  )
}

function hintFor(stderr: string): string {
  if (/missing in charts\/ directory|helm dependency/i.test(stderr))
    return 'fetch its dependencies where there is a network: helm dependency build DIR'
  if (/kubeVersion/.test(stderr))
    return 'name a version that it takes: helm template CHART --kube-version VERSION | gpreg images --manifests -'
  return 'give the values that it wants with --chart-values FILE'
}

/** The manifests that came from one template. */
export interface RenderedTemplate {
  /** path in the chart */
  readonly template: string
  readonly text: string
}

/** helm writes this before each document; the first segment is the name of the chart. */
const SOURCE = /^# Source: [^/\r\n]+\/(.*?)\r?$/m

/** Splits what `helm template` prints by templates. Of one that is switched off, helm prints the comments outside of its condition. */
export function splitRendered(rendered: string): RenderedTemplate[] {
  const byTemplate = new Map<string, string>()
  for (const document of rendered.split(/^---(?=\s*$)/m)) {
    if (!hasContent(document)) continue
    const template = SOURCE.exec(document)?.[1] ?? ''
    byTemplate.set(template, `${byTemplate.get(template) ?? ''}---${document}`)
  }
  return [...byTemplate].map(([template, text]) => ({ template, text }))
}

import { join } from 'node:path'
import { isRecord } from '@gpreg/oci/engine'
import type { ChartFiles } from './chart-files.ts'
import { mapAt, parseValues, type Values } from './values.ts'

/** A chart in `charts/` of another chart, as that chart uses it. */
export interface Subchart {
  /** The key of its values in those of the chart above: its alias or name. */
  readonly key: string
  readonly files: ChartFiles
  readonly path: string
  readonly isEnabled: boolean
}

interface Dependency {
  readonly name: string
  readonly alias: string | undefined
  /** paths of keys of the values, separated by commas; the first that is a boolean decides */
  readonly condition: string
}

/**
 * Pairs the charts in `charts/` with what the chart says of its dependencies.
 * @returns the charts, and the names of wanted dependencies that are not there
 */
export function subchartsOf(
  { texts, charts }: ChartFiles,
  path: string,
  values: Values,
): { readonly subcharts: readonly Subchart[]; readonly missing: readonly string[] } {
  const wanted = ['Chart.yaml', 'requirements.yaml'].flatMap(file =>
    dependenciesIn(parseValues(texts.get(file) ?? '', join(path, file))),
  )
  const there = new Set<string>()
  const subcharts = [...charts].flatMap(([folder, files]) => {
    const at = join(path, 'charts', folder)
    const name =
      textAt(parseValues(files.texts.get('Chart.yaml') ?? '', join(at, 'Chart.yaml')), 'name') ?? folder
    there.add(name)
    const uses = wanted.filter(dependency => dependency.name === name)
    // helm also takes charts of which the chart says nothing.
    return (uses.length > 0 ? uses : [{ name, alias: undefined, condition: '' }]).map(use => ({
      key: use.alias ?? name,
      files,
      path: at,
      isEnabled: isEnabled(use, values),
    }))
  })
  const missing = wanted.filter(dependency => !there.has(dependency.name) && isEnabled(dependency, values))
  return { subcharts, missing: missing.map(({ name }) => name) }
}

function dependenciesIn(values: Values): Dependency[] {
  const { dependencies } = values
  if (!Array.isArray(dependencies)) return []
  return dependencies.filter(isRecord).flatMap(entry => {
    const name = textAt(entry, 'name')
    const condition = textAt(entry, 'condition') ?? ''
    return name === undefined ? [] : [{ name, alias: textAt(entry, 'alias'), condition }]
  })
}

function isEnabled({ condition }: Dependency, values: Values): boolean {
  for (const keys of condition.split(',').map(text => text.trim().split('.'))) {
    const last = keys.pop() ?? ''
    const value = keys.reduce(mapAt, values)[last]
    if (typeof value === 'boolean') return value
  }
  return true
}

export function textAt(values: Values, key: string): string | undefined {
  const value = values[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

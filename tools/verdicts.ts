/**
 * Compares `gpreg values check` with the verdicts of a real installer: `npm run verdicts -- FILE [--release RELEASE]`. Prints how many
 * configurations both accept, both refuse, or only one of them, and names each disagreement with its reasons.
 */
import { parseArgs } from 'node:util'
import { checkConfig } from '@gpreg/values-gen'
import { readCorpus, type Verdict } from './verdicts/corpus.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { release: { type: 'string', default: '2022.11.3' } },
})
const [path] = positionals
if (path === undefined) throw new Error('npm run verdicts -- FILE: name a corpus, one JSON object per line')

/** The first error of a configuration; undefined if gpreg accepts it. */
function refusal({ name, config }: Verdict): string | undefined {
  const { findings } = checkConfig(config, { path: name, release: values.release })
  const error = findings.find(({ level }) => level === 'error')
  return error && `${error.line}:${error.column} ${error.code} ${error.path}: ${error.message}`
}

const groups = {
  'both accept': [] as string[],
  'both refuse': [] as string[],
  'only gpreg accepts': [] as string[],
  'only gpreg refuses': [] as string[],
  'only gpreg refuses, and nobody tried to render': [] as string[],
}

for (const verdict of readCorpus(path)) {
  const { name, accepted, settled, why } = verdict
  const refused = refusal(verdict)
  const group = accepted
    ? refused === undefined
      ? 'both accept'
      : settled
        ? 'only gpreg refuses'
        : 'only gpreg refuses, and nobody tried to render'
    : refused === undefined
      ? 'only gpreg accepts'
      : 'both refuse'
  groups[group].push(`  ${name}\n    gpreg: ${refused ?? 'accepted'}\n    installer: ${why}`)
}

for (const [group, rows] of Object.entries(groups)) {
  console.log(`${group}: ${rows.length}`)
  if (group.startsWith('only')) for (const row of rows) console.log(row)
}

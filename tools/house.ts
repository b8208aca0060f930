/** Prints the figures of the source: `npm run house -- [--json] [--check] [--repo FOLDER]`. With --check a passed limit is a failure. */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { measure } from './house/figures.ts'
import { passedLimits } from './house/limits.ts'
import { formatHouse } from './house/report.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    repo: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
  },
})

const house = measure(values.repo)
console.log(values.json ? JSON.stringify(house, undefined, 2) : formatHouse(house))

if (values.check) {
  for (const sentence of passedLimits(house)) {
    console.error(sentence)
    process.exitCode = 1
  }
}

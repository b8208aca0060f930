/**
 * Mirrors many small images again and again through lines that cut, stall, refuse and lie, and checks every byte that
 * arrived. Each run follows from its seed, so that a failure can be repeated alone.
 *
 * npm run soak [-- --runs 30 --images 300 --seed 1 --commands 10 --jobs 4 --document]
 *
 * --commands is how often the command may run until it succeeds, --jobs how many runs there are at once: they mostly wait.
 * --document writes the result into docs/reliability.md.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { DocumentedSection } from '../support/documented-section.ts'
import { startServe } from '../support/serve.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { pushImage } from '../support/upstream.ts'
import { soakImages } from './soak-images.ts'
import { soakOnce, type SoakRun } from './soak-run.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '30' },
    images: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    commands: { type: 'string', default: '10' },
    jobs: { type: 'string', default: '4' },
    document: { type: 'boolean', default: false },
  },
})
const [runs, first, commands] = [values.runs, values.seed, values.commands].map(Number) as [
  number,
  number,
  number,
]

const images = soakImages(Number(values.images))
await using directory = await temporaryDirectory()
await using source = await startServe(directory.join('source'))
for (const [reference, image] of images) await pushImage(new URL(`http://${source.host}/`), reference, image)
const list = directory.join('images.txt')
await writeFile(list, [...images.keys()].join('\n'))

const seeds = Array.from({ length: runs }, (_, nth) => first + nth)
const done: SoakRun[] = []
await Promise.all(Array.from({ length: Number(values.jobs) }, work))

const summary = summaryOf(done)
console.log(summary)
if (values.document)
  await new DocumentedSection('reliability.md', 'soak').write(
    `${new Date().toISOString().slice(0, 10)}: ${summary}`,
  )
if (done.some(failed)) process.exitCode = 1

/** Takes seeds until none is left. */
async function work(): Promise<void> {
  for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
    const run = await soakOnce(seed, { images, source: source.host, list, commands })
    done.push(run)
    console.log(line(run))
    if (!run.converged) console.log(run.stderr)
    run.wrong.forEach(problem => console.log(`  ${problem}`))
  }
}

function failed({ converged, wrong }: SoakRun): boolean {
  return !converged || wrong.length > 0
}

function line(run: SoakRun): string {
  const { seed, target, faults, requests, wrong, seconds } = run
  const verdict = failed(run) ? 'FAILED' : 'ok'
  const numbers = `${run.commands} commands, ${faults} faults in ${requests} requests, ${wrong.length} wrong`
  return `seed ${seed}, ${target}: ${verdict}, ${numbers}, ${seconds.toFixed(1)} s`
}

function summaryOf(all: readonly SoakRun[]): string {
  const sum = (count: (run: SoakRun) => number) => all.reduce((total, run) => total + count(run), 0)
  const most = Math.max(...all.map(run => run.commands))
  return [
    `${all.length} runs of ${images.size} images from seed ${first} on,`,
    `${sum(run => run.faults)} faults in ${sum(run => run.requests)} requests:`,
    `${all.length - all.filter(failed).length} ok, ${sum(run => (run.converged ? 0 : 1))} did not converge,`,
    `${sum(run => run.wrong.length)} wrong blobs or tags; at most ${most} commands in a run.`,
  ].join(' ')
}

/**
 * Packs the built packages into a temporary folder and holds every tarball against what npm, TypeScript and strangers expect:
 * `npm run pack:check`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { consumerFaults, installedPackages } from './pack/consumer.ts'
import { contentFaults, manifestFaults, mapFaults } from './pack/contents.ts'
import { entryFaults } from './pack/entries.ts'
import { isLibrary } from './pack/manifest.ts'
import { run } from './pack/run.ts'
import { packAll, type Tarball } from './pack/tarballs.ts'

const repo = fileURLToPath(new URL('..', import.meta.url))
const binary = (name: string) => join(repo, 'node_modules/.bin', name)

/** Libraries that need no other of ours are installed into a project that has nothing else. */
const standsAlone = ({ package: { json } }: Tarball) =>
  isLibrary(json) && !Object.keys(json.dependencies ?? {}).some(name => name.startsWith('@gpreg/'))

function faultsOf(tarball: Tarball, out: string): string[] {
  const { json, short } = tarball.package
  const stage = join(out, 'stage', short)
  const faults = [
    ...contentFaults(tarball),
    ...manifestFaults(json.name, readFileSync(join(stage, 'package.json'), 'utf8')),
    ...mapFaults(tarball, stage),
    ...run(out, binary('publint'), '--strict', tarball.path),
  ]
  if (isLibrary(json))
    faults.push(...run(out, binary('attw'), '--profile', 'esm-only', '--no-color', tarball.path))
  if (standsAlone(tarball)) {
    const project = join(out, 'project', short)
    faults.push(...consumerFaults(tarball, repo, project))
    console.log(`${json.name} brings ${installedPackages(project).join(' ')}`)
  }
  console.log(
    `${json.name}: ${tarball.files.length} files, ${faults.length === 0 ? 'good' : `${faults.length} faults`}`,
  )
  return faults
}

const out = mkdtempSync(join(tmpdir(), 'gpreg-pack-'))
try {
  const faults = packAll(repo, out).flatMap(tarball => faultsOf(tarball, out))
  for (const fault of [...entryFaults(repo), ...faults]) {
    console.error(fault)
    process.exitCode = 1
  }
} finally {
  rmSync(out, { recursive: true, force: true })
}

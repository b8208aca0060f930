import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { readPackages, type Package } from '../workspace/packages.ts'
import { stagePackage } from './stage.ts'

/** One packed package. */
export interface Tarball {
  readonly package: Package
  readonly path: string
  /** Paths in the tarball, without the leading `package/`. */
  readonly files: readonly string[]
}

/** Packs every package of the workspace that is not private into `out`; what was copied for that lies in `out/stage`. */
export function packAll(repo: string, out: string): Tarball[] {
  const packages = readPackages(repo).filter(({ json }) => json.private !== true)
  mkdirSync(out, { recursive: true })
  return packages.map(each => {
    const folder = join(out, 'stage', each.short)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    stagePackage(repo, each, folder)
    return { package: each, ...npmPack(folder, out) }
  })
}

interface PackedFile {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

function npmPack(folder: string, out: string): { readonly path: string; readonly files: readonly string[] } {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', out, folder]
  const [packed]: PackedFile[] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8' }))
  if (packed === undefined) throw new Error(`npm packed nothing of ${folder}`)
  return { path: join(out, packed.filename), files: packed.files.map(({ path }) => path) }
}

/**
 * Builds what a release has into `release/`: npm tarballs, one archive a platform, checksums and their signature, the bill of
 * materials, manual pages and completions. The same sources give the same bytes, but for the signature.
 * `npm run release -- [--out FOLDER] [--sign-key KEY.pem] [--no-build]`
 */
import { execFileSync } from 'node:child_process'
import { createHash, sign } from 'node:crypto'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Config } from '@oclif/core'
import { packAll } from './pack/tarballs.ts'
import { manualPages } from './release/man.ts'
import { fetchNodes } from './release/nodes.ts'

interface ToolArchive {
  writeToolArchive(
    path: string,
    options: {
      readonly root: string
      readonly modified: Date
      readonly node: string
      readonly platform: NodeJS.Platform
    },
  ): Promise<void>
}

const repo = fileURLToPath(new URL('..', import.meta.url))
const root = join(repo, 'packages/mirror-cli')
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(repo, 'release') },
    'sign-key': { type: 'string' },
    build: { type: 'boolean', default: true },
  },
  allowNegative: true,
})
const out = resolve(values.out)
const work = mkdtempSync(join(tmpdir(), 'gpreg-release-'))
try {
  if (values.build)
    execFileSync('npm', ['run', 'build'], { cwd: repo, stdio: ['ignore', 'ignore', 'inherit'] })
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  const config = await Config.load(root)
  for (const { path } of packAll(repo, work)) cpSync(path, join(out, basename(path)))
  await writeArchives(config.version)
  cpSync(join(root, 'dist/sbom.cdx.json'), join(out, `gpreg-${config.version}.cdx.json`))
  writeManual(config)
  writeCompletions()
  writeChecksums()
} finally {
  rmSync(work, { recursive: true, force: true })
}

async function writeArchives(version: string): Promise<void> {
  const { writeToolArchive }: ToolArchive = await import(join(root, 'dist/tool-archive.js'))
  for (const { platform, arch, path } of fetchNodes(repo, join(work, 'nodes'))) {
    const archive = join(out, `gpreg-${version}-${platform}-${arch}.tar.gz`)
    await writeToolArchive(archive, { root, modified: new Date(0), node: path, platform })
  }
}

function writeManual(config: Config): void {
  mkdirSync(join(out, 'man'))
  for (const [name, text] of manualPages(config)) writeFileSync(join(out, 'man', name), text)
}

/** The completion scripts, under the names that the shells look for. */
function writeCompletions(): void {
  const env = { PATH: process.env['PATH'], HOME: work, XDG_CACHE_HOME: work, NO_COLOR: '1' }
  const names = { bash: 'gpreg', zsh: '_gpreg', fish: 'gpreg.fish' }
  mkdirSync(join(out, 'completions'))
  for (const [shell, name] of Object.entries(names)) {
    const args = [join(root, 'bin/run.js'), 'completion', shell]
    const script = execFileSync(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    writeFileSync(join(out, 'completions', name), script)
  }
}

function writeChecksums(): void {
  const files = globSync('**', { cwd: out, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(out.length + 1))
    .sort()
  const lines = files.map(path => `${sha256(readFileSync(join(out, path)))}  ${path}\n`)
  const sums = Buffer.from(lines.join(''))
  writeFileSync(join(out, 'SHA256SUMS'), sums)
  if (values['sign-key'] !== undefined)
    writeFileSync(join(out, 'SHA256SUMS.sig'), sign('sha256', sums, readFileSync(values['sign-key'])))
  console.log(
    `${out}: ${files.length} files${values['sign-key'] === undefined ? ', not signed' : ', signed'}`,
  )
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

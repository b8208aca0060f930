/** Builds the packages and packs them as npm gets them: `npm run pack -- [--out FOLDER] [--no-build]`. */
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { packAll } from './pack/tarballs.ts'

const repo = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: `${repo}release` },
    build: { type: 'boolean', default: true },
  },
  allowNegative: true,
})

if (values.build) execFileSync('npm', ['run', 'build'], { cwd: repo, stdio: ['ignore', 'ignore', 'inherit'] })
for (const { path, files } of packAll(repo, resolve(values.out)))
  console.log(`${path}: ${files.length} files`)

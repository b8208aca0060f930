/** Writes docs/cli.md from the help of the built command; with --check it only says whether the file is stale. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Config } from '@oclif/core'

const file = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const DOCUMENT = file('docs/cli.md')

const INTRODUCTION = `# The command line

<!-- Written by \`npm run docs\` from the commands' own help. Do not edit. -->

Every flag has an environment variable, \`GPREG_\` and its name in upper case: \`GPREG_TO\`, \`GPREG_CA_FILE\`. Where a flag may be
given several times, the variable takes its values separated by commas or newlines (\`GPREG_CLIENT_CERT\` by newlines). A flag wins
over its variable.

The answer goes to stdout, progress, warnings and errors to stderr. With \`--json\` stdout holds exactly one JSON document with
\`kind\` and \`version\`, also where the command fails (\`"kind": "Error"\`).

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | a bug in gpreg |
| 2 | wrong usage, or input that cannot be read |
| 3 | some images failed |
| 4 | verification found a difference |
| 5 | not authorised |
| 6 | a registry cannot be reached |
| 130 | interrupted |
`

function help(command: string): string {
  const env = { PATH: process.env['PATH'], OCLIF_COLUMNS: '100', NO_COLOR: '1' }
  const args = [file('packages/mirror-cli/bin/run.js'), ...command.split(':'), '--help']
  return execFileSync(process.execPath, args, { env, encoding: 'utf8' }).trim()
}

const { commands } = await Config.load(file('packages/mirror-cli'))
const ids = commands.filter(({ pluginName }) => pluginName === 'gpreg').map(({ id }) => id)
const sections = ids.sort().map(command => `## gpreg ${command}\n\n\`\`\`text\n${help(command)}\n\`\`\`\n`)
const text = [INTRODUCTION, ...sections].join('\n')

if (!process.argv.includes('--check')) {
  writeFileSync(DOCUMENT, text)
} else if (!existsSync(DOCUMENT) || readFileSync(DOCUMENT, 'utf8') !== text) {
  console.error('docs/cli.md is stale: run `npm run docs` and commit what it writes')
  process.exitCode = 1
}

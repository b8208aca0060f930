/**
 * Writes what docs/ has from elsewhere: the command's help and JSON Schemas from the built packages, the tables of rooms from
 * tools/arrows.json. With --check it only says what is stale.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { configJsonSchema } from '@gpreg/values-gen'
import { Config } from '@oclif/core'
import { format, resolveConfig } from 'prettier'
import { insertRooms } from './arrows/document.ts'
import { readTable } from './arrows/table.ts'

const file = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

const INTRODUCTION = `# The command line

<!-- Written by \`npm run docs\` from the commands' own help. Do not edit. -->

Every flag has an environment variable, \`GPREG_\` and its name in upper case: \`GPREG_TO\`, \`GPREG_CA_FILE\`. If a flag can be given
several times, its variable takes several values, separated by commas or newlines (\`GPREG_CLIENT_CERT\`: by newlines). A flag wins
over its variable.

The result goes to stdout; progress, warnings and errors go to stderr. With \`--json\`, stdout has exactly one JSON document with
\`kind\` and \`version\`, even if the command fails (\`"kind": "Error"\`).

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | a bug in gpreg |
| 2 | wrong usage, or input that cannot be read |
| 3 | some images failed |
| 4 | verification found a difference, or what was checked does not hold |
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
const ids = commands.map(({ id }) => id).filter(id => id !== 'help' && id !== 'autocomplete')
const sections = ids
  .sort()
  .map(command => `## gpreg ${command.replaceAll(':', ' ')}\n\n\`\`\`text\n${help(command)}\n\`\`\`\n`)
const schema = 'docs/schemas/gitpod.config-2022.11.3.schema.json'
const architecture = 'docs/architecture.md'
const style = await resolveConfig(file(schema))

const documents = {
  'docs/cli.md': [INTRODUCTION, ...sections].join('\n'),
  [schema]: await format(JSON.stringify(configJsonSchema()), { ...style, parser: 'json' }),
  [architecture]: await format(insertRooms(readFileSync(file(architecture), 'utf8'), readTable()), {
    ...style,
    parser: 'markdown',
  }),
}

for (const [path, text] of Object.entries(documents)) {
  if (!process.argv.includes('--check')) {
    writeFileSync(file(path), text)
  } else if (!existsSync(file(path)) || readFileSync(file(path), 'utf8') !== text) {
    console.error(`${path} is stale: run \`npm run docs\` and commit what it writes`)
    process.exitCode = 1
  }
}

/**
 * Joins the command and all that it needs into packages/mirror-cli/dist: a few files that every start reads, and others that are
 * read when they are wanted, such as the SDK of a cloud. Started from hundreds of files, gpreg took twice the time.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const CLI = fileURLToPath(new URL('../packages/mirror-cli/', import.meta.url))

/** Installed beside it: oclif looks its plugins up by name. */
const PLUGINS = /^@oclif\/plugin-/
/** What oclif loads to run commands from TypeScript. */
const DEVELOPMENT = ['typescript', 'ts-node', 'tsx']

await using bundle = await rolldown({
  // What bin/run.js starts, what oclif looks for, and what has to be there before any other code is read.
  input: ['main', 'commands', 'code-cache'].map(name => `${CLI}src/${name}.ts`),
  platform: 'node',
  external: [PLUGINS, ...DEVELOPMENT],
  resolve: { conditionNames: ['gpreg-source', 'node', 'import', 'default'] },
  // CommonJS modules ask where they are; all are where the bundle is, and none of them may need a file beside it.
  transform: {
    target: 'node22.19',
    define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
  },
})
const { output } = await bundle.write({ dir: `${CLI}dist`, cleanDir: true })
const modules = output.flatMap(part => (part.type === 'chunk' ? part.moduleIds : []))
writeFileSync(`${CLI}dist/LICENSES.txt`, licensesOf(modules))

/** Licences of others ask to be passed on with their code. */
function licensesOf(modules: readonly string[]): string {
  const roots = new Set(
    modules.flatMap(path => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+\//.exec(path)?.[0] ?? []),
  )
  const sections = [...roots].map(root => {
    const { name, version, license } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
    const texts = globSync(`${root}{LICEN[CS]E,licen[cs]e,NOTICE}*`).sort()
    return [`${name} ${version}: ${license}`, ...texts.map(file => readFileSync(file, 'utf8').trim())]
  })
  return `${sections
    .map(section => section.join('\n\n'))
    .sort()
    .join('\n\n---\n\n')}\n`
}

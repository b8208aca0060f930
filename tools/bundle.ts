/**
 * Bundles the command with its dependencies into packages/mirror-cli/dist: a few files that every start reads, and others that load when
 * a command needs them, such as the SDK of a cloud. Without the bundle a start reads hundreds of files and takes twice the time.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const CLI = fileURLToPath(new URL('../packages/mirror-cli/', import.meta.url))

/** oclif loads these to run commands from TypeScript, which a bundle never does. */
const DEVELOPMENT = ['typescript', 'ts-node', 'tsx']

await using bundle = await rolldown({
  // `early` and `main` are started by bin/run.js, `early` before any other code is read; `commands` is loaded by oclif, and a thread
  // is a file of its own.
  input: [
    ...['start/early', 'start/main', 'commands'].map(name => `${CLI}src/${name}.ts`),
    `${CLI}../oci/src/serve/login/bcrypt-worker.ts`,
  ],
  platform: 'node',
  external: DEVELOPMENT,
  resolve: { conditionNames: ['gpreg-source', 'node', 'import', 'default'] },
  // A CommonJS module that asks for its folder gets that of the bundle, so no module may read a file beside it.
  transform: {
    target: 'node22.19',
    define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
  },
})
const { output } = await bundle.write({ dir: `${CLI}dist`, cleanDir: true })
const modules = output.flatMap(part => (part.type === 'chunk' ? part.moduleIds : []))
writeFileSync(`${CLI}dist/LICENSES.txt`, licensesOf(modules))

/** The licence texts of the bundled packages: most licences require that their text goes with the code. */
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

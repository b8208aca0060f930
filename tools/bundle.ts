/**
 * Bundles the command with its dependencies into packages/mirror-cli/dist: a file for each command, and files that several share or that
 * load when a command needs them, such as the SDK of a cloud. Without the bundle a start reads hundreds of files and takes twice the
 * time. The manifest beside it tells oclif every command and flag, so that a start reads only the command that it runs.
 */
import { createHash } from 'node:crypto'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Plugin } from '@oclif/core'
import { rolldown, type OutputAsset, type OutputChunk } from 'rolldown'
import { asciiScript } from './bundle/ascii.ts'
import { uncopiedBodies } from './bundle/uncopied-bodies.ts'

const CLI = fileURLToPath(new URL('../packages/mirror-cli/', import.meta.url))

/** oclif loads these to run commands from TypeScript, which a bundle never does. */
const DEVELOPMENT = ['typescript', 'ts-node', 'tsx']

/**
 * oclif searches the disk for commands and plugins with the first two, where there is no manifest. With the last it finds out if
 * Windows runs this Linux, and the name of the Windows shell. Each start would load them, and gpreg asks for none of this.
 */
const UNUSED = ['tinyglobby', 'minimatch', 'wsl-utils']

/** undici without what gpreg does not use of it. HTTP/2 is off (ADR 4), and loads a fifth of undici's time. */
const UNDICI = {
  undici$: fileURLToPath(new URL('bundle/undici.cjs', import.meta.url)),
  './client-h2.js': false as const,
}

const commands = commandEntries()
await using bundle = await rolldown({
  // `early` and `main` are started by bin/run.js, `early` before any other code is read; a command is loaded by oclif, and a thread is
  // a file of its own. `tool-archive` is for `npm run release`.
  input: {
    early: `${CLI}src/start/early.ts`,
    main: `${CLI}src/start/main.ts`,
    ...commands,
    'tool-archive': `${CLI}src/tool/tool-archive.ts`,
    'bcrypt-worker': `${CLI}../oci/src/serve/login/bcrypt-worker.ts`,
    'volume-hash-worker': `${CLI}../oci/src/store/archive/volume-hash-worker.ts`,
  },
  platform: 'node',
  external: DEVELOPMENT,
  resolve: {
    conditionNames: ['gpreg-source', 'node', 'import', 'default'],
    alias: { ...Object.fromEntries(UNUSED.map(name => [name, false as const])), ...UNDICI },
  },
  // A module that asks for its folder gets that of the bundle, so no module may read a file beside it. The build of Node defines the name
  // too; with it, undici leaves out its second parser of HTTP, which is an experiment and a quarter of undici.
  transform: { target: 'node22.19', define: { esbuildDetection: 'true' } },
  plugins: [
    uncopiedBodies(),
    {
      name: 'ascii',
      // Not in `renderChunk`, because rolldown writes its own form of string literals after that.
      generateBundle(_, files) {
        for (const file of Object.values(files)) if (file.type === 'chunk') file.code = asciiScript(file.code)
      },
    },
  ],
})
const { output } = await bundle.write({
  dir: `${CLI}dist`,
  cleanDir: true,
  // Scripts, because V8 gives away the code that it compiled of a script after it has run, and that of an ES module only before.
  format: 'cjs',
  // An `import()` in a script prints a warning of Node, so it becomes `require`.
  dynamicImportInCjs: false,
  strict: true,
  exports: 'named',
  // Few files, because each takes a millisecond to find and read: what runs before all else, what every command needs, and the engine.
  codeSplitting: {
    groups: [
      {
        name: 'first',
        test: /src\/(start\/(code-cache|environment|interruption|loader|version)|exit-codes)\.ts$/,
        priority: 1,
      },
      { name: 'oclif', test: /node_modules\/@oclif\/core\/|src\/oclif\.ts$/ },
      { name: 'zod', test: /node_modules\/zod\// },
      { name: 'common', minShareCount: Object.keys(commands).length - 1 },
      { name: 'threads', test: startsThread, priority: 1 },
      { name: 'engine', test: /packages\/oci\/src\//, minShareCount: 8 },
    ],
  },
})
writeFileSync(`${CLI}dist/package.json`, `${JSON.stringify({ type: 'commonjs', build: buildOf(output) })}\n`)
const packages = bundledPackages(output.flatMap(part => (part.type === 'chunk' ? part.moduleIds : [])))
writeFileSync(`${CLI}dist/LICENSES.txt`, licensesOf(packages))
const { version } = JSON.parse(readFileSync(`${CLI}package.json`, 'utf8'))
writeFileSync(
  `${CLI}dist/sbom.cdx.json`,
  `${JSON.stringify(billOfMaterials(version, packages), undefined, 2)}\n`,
)
writeFileSync(`${CLI}oclif.manifest.json`, `${JSON.stringify(await commandManifest())}\n`)

/** The commands by the names that oclif looks for, such as `commands/bundle/save`. */
function commandEntries(): Record<string, string> {
  const files = globSync('commands/**/*.ts', { cwd: `${CLI}src`, exclude: ['**/*.test.ts'] }).sort()
  return Object.fromEntries(files.map(file => [file.replace(/\.ts$/, ''), `${CLI}src/${file}`]))
}

/** Identifies what was built: compiled code is kept under this name, and may not be used for other sources. */
function buildOf(files: readonly (OutputChunk | OutputAsset)[]): string {
  const hash = createHash('sha256')
  for (const file of files) if (file.type === 'chunk') hash.update(`${file.fileName}\n${file.code}`)
  return hash.digest('hex')
}

/** A module that starts a thread finds its file beside itself, so it may be no part of the file of a command. */
function startsThread(module: string): boolean {
  return module.includes('/packages/') && readFileSync(module, 'utf8').includes('new Worker(')
}

/** What oclif must know of the commands before it runs one: their flags, and the words of their help. */
async function commandManifest() {
  const plugin = new Plugin({
    root: CLI,
    isRoot: true,
    ignoreManifest: true,
    errorOnManifestCreate: true,
    respectNoCacheDefault: true,
  })
  await plugin.load()
  return plugin.manifest
}

interface BundledPackage {
  /** its folder, with a slash at the end */
  readonly root: string
  readonly name: string
  readonly version: string
  readonly license: string
}

/** The packages of others that are in the bundle, by name and version. */
function bundledPackages(modules: readonly string[]): BundledPackage[] {
  const roots = new Set(
    modules.flatMap(path => /^\/.*\/node_modules\/(?:@[^/]+\/)?[^/]+\//.exec(path)?.[0] ?? []),
  )
  return [...roots]
    .map(root => ({ ...JSON.parse(readFileSync(`${root}package.json`, 'utf8')), root }))
    .sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1))
}

/** The licence texts of the bundled packages: most licences require that their text goes with the code. */
function licensesOf(packages: readonly BundledPackage[]): string {
  const sections = packages.map(({ root, name, version, license }) => {
    const texts = globSync(`${root}{LICEN[CS]E,licen[cs]e,NOTICE}*`).sort()
    return [`${name} ${version}: ${license}`, ...texts.map(file => readFileSync(file, 'utf8').trim())]
  })
  return `${sections.map(section => section.join('\n\n')).join('\n\n---\n\n')}\n`
}

/** A CycloneDX document, without a date or a serial number: the same bundle has the same bytes. https://cyclonedx.org/docs/1.6/json/ */
function billOfMaterials(version: string, packages: readonly BundledPackage[]) {
  const component = (type: string, name: string, version: string, license: string) => {
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
    return { type, 'bom-ref': purl, name, version, purl, licenses: [{ expression: license }] }
  }
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: component('application', 'gpreg', version, 'Apache-2.0') },
    components: [
      ...new Map(
        packages.map(each => [
          `${each.name}@${each.version}`,
          component('library', each.name, each.version, each.license),
        ]),
      ).values(),
    ],
  }
}

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isPublicEntry } from '../workspace/packages.ts'
import { run } from './run.ts'
import type { Tarball } from './tarballs.ts'

const RESOLUTIONS = [
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
]

/** Installs a library into an empty project, and uses every entry as strangers do: import, require, strict TypeScript. */
export function consumerFaults(tarball: Tarball, repo: string, folder: string): string[] {
  const { name, exports = {} } = tarball.package.json
  const specifiers = Object.keys(exports)
    .filter(isPublicEntry)
    .map(subpath => join(name, subpath))
  install(tarball, repo, folder)
  writeFileSync(
    join(folder, 'main.ts'),
    specifiers.map((each, at) => `import * as entry${at} from '${each}'\nconsole.log(entry${at})\n`).join(''),
  )
  const tsc = join(repo, 'node_modules/typescript/bin/tsc')
  return [
    ...specifiers.flatMap(each => run(folder, process.execPath, '-e', `require('${each}')`)),
    ...specifiers.flatMap(each =>
      run(folder, process.execPath, '--input-type=module', '-e', `await import('${each}')`),
    ),
    ...RESOLUTIONS.flatMap(resolution => {
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig(resolution)))
      return run(folder, process.execPath, tsc, '--pretty', 'false')
    }),
  ]
}

/** Declarations of libraries are checked, too: `skipLibCheck` would hide an import that nobody installed. */
const tsconfig = (resolution: (typeof RESOLUTIONS)[number]) => ({
  compilerOptions: {
    ...resolution,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    target: 'es2024',
    types: ['node'],
    noEmit: true,
  },
  files: ['main.ts'],
})

function install({ path }: Tarball, repo: string, folder: string): void {
  const { devDependencies } = JSON.parse(readFileSync(join(repo, 'package.json'), 'utf8'))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const quick = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
  const packages = [path, `@types/node@${devDependencies['@types/node']}`]
  execFileSync('npm', ['install', ...quick, ...packages], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** The names of the packages that an installed project has. */
export function installedPackages(folder: string): string[] {
  const { stdout } = spawnSync('npm', ['ls', '--all', '--parseable'], { cwd: folder, encoding: 'utf8' })
  return stdout.split('\n').flatMap(line => /node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(line)?.[1] ?? [])
}

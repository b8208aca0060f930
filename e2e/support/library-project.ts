import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { mustRun } from './process.ts'
import { temporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A program in a README, with the heading above it. */
export interface ReadmeProgram {
  readonly title: string
  readonly source: string
}

/** A project with packed libraries and nothing else of this repository, as a user of the libraries has it. */
export interface LibraryProject extends TemporaryDirectory {
  /** Runs a module in the project and returns its stdout. */
  run(source: string, env?: NodeJS.ProcessEnv): Promise<string>
}

/** Packs the named packages as they would be published, and installs them in an empty project. */
export async function createLibraryProject(...packages: readonly string[]): Promise<LibraryProject> {
  const project = await temporaryDirectory()
  const release = project.join('release')
  await mkdir(release)
  // A build here would replace files of the command while other journeys run it.
  await mustRun(process.execPath, [`${ROOT}tools/pack.ts`, '--no-build', '--out', release])
  const files = await readdir(release)
  const tarballs = packages.map(name => `./release/${files.find(file => file.startsWith(name))}`)
  await writeFile(project.join('package.json'), JSON.stringify({ private: true, type: 'module' }))
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', ...tarballs]
  const env = { ...process.env, npm_config_loglevel: 'error' }
  await mustRun('npm', install, { cwd: project.path, env })
  // Each program loads the same packages, which are compiled once.
  const compiled = { NODE_COMPILE_CACHE: project.join('compiled') }
  let programs = 0
  return {
    ...project,
    async run(source, env) {
      const file = project.join(`program-${++programs}.js`)
      await writeFile(file, source)
      return mustRun(process.execPath, [file], {
        cwd: project.path,
        env: { ...(env ?? process.env), ...compiled },
      })
    },
  }
}

/** Reads the JavaScript programs of a README. */
export async function programsOf(readme: string): Promise<ReadmeProgram[]> {
  const text = await readFile(`${ROOT}${readme}`, 'utf8')
  return [...text.matchAll(/^### (.+)\n(?:(?!^#|^```).*\n)*```js\n([\s\S]*?)^```$/gm)].map(
    ([, title, source]) => ({ title: title!, source: source! }),
  )
}

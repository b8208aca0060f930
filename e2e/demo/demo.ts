/**
 * Shows a mirror run on one machine without a network: a sample release in an upstream registry, an empty internal
 * registry, and the commands that a user would type. `npm run demo`
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { GPREG, isolatedEnvironment } from '../support/gpreg.ts'
import { startServe } from '../support/serve.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { pushImage, sourceMirrors } from '../support/upstream.ts'
import { RELEASE, releaseSamples } from './release.ts'

const abort = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => abort.abort())

try {
  await demonstrate()
} catch (error) {
  process.exitCode = abort.signal.aborted ? 130 : 1
  console.error(abort.signal.aborted ? '\ninterrupted' : error)
}

async function demonstrate(): Promise<void> {
  await using directory = await temporaryDirectory()

  explain('An upstream registry stands in for docker.io, eu.gcr.io and the others')
  await using upstream = await startServe(directory.join('upstream'), '--json')
  const references = await stock(upstream.host)
  console.log(`${upstream.host} holds ${references.length} small images under the names of ${RELEASE}`)

  explain('The internal registry, still empty')
  await using internal = await startServe(directory.join('internal'), '--json')
  console.log(`$ gpreg serve internal --listen 127.0.0.1:0\nserving at http://${internal.host}`)

  const mirrors = sourceMirrors(upstream.host, references).filter(flag => flag !== '--source-mirror')
  const env = isolatedEnvironment(directory.path, { GPREG_SOURCE_MIRROR: mirrors.join(',') })
  const run = (command: string) => type(command, { cwd: directory.path, env })
  const to = `--to ${internal.host}/gitpod`

  explain('Read every upstream host from the stand-in; each flag has such a variable')
  console.log(`$ export GPREG_SOURCE_MIRROR=${mirrors.join(',')}`)
  explain('Which images does the release need, and what will they be called?')
  await run(`gpreg images --release ${RELEASE} ${to}`)
  explain('Pin them to the digests that they have today')
  await run(`gpreg lock --release ${RELEASE} ${to} -o gpreg.lock.json`)
  explain('What would be sent?')
  await run(`gpreg mirror --lock gpreg.lock.json ${to} --dry-run`)
  explain('Copy it')
  await run(`gpreg mirror --lock gpreg.lock.json ${to}`)
  explain('Once more: nothing is left to do')
  await run(`gpreg mirror --lock gpreg.lock.json ${to} --quiet`)
  explain('Is it all there? Every byte is read back and hashed')
  await run(`gpreg verify --lock gpreg.lock.json ${to} --deep --quiet`)

  explain('The installer configuration that matches, with everything on this one registry')
  await run(
    `gpreg values external --single-registry --registry ${internal.host}/gitpod --domain gitpod.example.com -o gitpod.config.yaml`,
  )
  console.log(`$ cat gitpod.config.yaml\n${await readFile(directory.join('gitpod.config.yaml'), 'utf8')}`)
  explain(`Would the installer take it, and is every image there that it will make the cluster pull? (It warns that
the registry is on this machine alone, as the registries of a demo are.)`)
  await run('gpreg values check gitpod.config.yaml --mirror-check --lock gpreg.lock.json --quiet')

  explain('That was it; both registries stop now, and what they held is deleted.')
  console.log(`Next, with a registry of yours:

  npx gpreg images --release ${RELEASE} --to registry.example.com/gitpod
  npx gpreg lock   --release ${RELEASE} --to registry.example.com/gitpod -o gpreg.lock.json
  npx gpreg mirror --lock gpreg.lock.json --to registry.example.com/gitpod
  npx gpreg values external --single-registry --registry registry.example.com/gitpod --domain DOMAIN -o gitpod.config.yaml

Credentials are those of gpreg login, docker login or podman login. docs/cli.md has all commands and flags.`)
}

/** Pushes the images of the release to the upstream registry. @returns their references */
async function stock(host: string): Promise<readonly string[]> {
  const images = await releaseSamples()
  for (const [reference, image] of images) {
    abort.signal.throwIfAborted()
    await pushImage(new URL(`http://${host}`), reference, image)
  }
  return [...images.keys()]
}

/** Prints a command line and runs it. Its output goes to stdout and stderr of the demo. */
async function type(command: string, options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<void> {
  console.log(`$ ${command}`)
  const [, ...args] = command.split(' ')
  const child = spawn(process.execPath, [GPREG, ...args], {
    ...options,
    stdio: ['ignore', 'inherit', 'inherit'],
    signal: abort.signal,
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ended with ${code}`)
}

function explain(text: string): void {
  console.log(`\n# ${text.replaceAll('\n', '\n# ')}`)
}

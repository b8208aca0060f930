import { spawnSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { mustRun, startProcess } from '../support/process.ts'
import { loseBlob, startRegistry } from '../support/registry.ts'
import { startServe } from '../support/serve.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { onPath } from '../support/tools.ts'
import { startRegistryOnS3 } from './moto.ts'

/** A running registry without a password. */
export interface Server extends AsyncDisposable {
  /** 127.0.0.1:port */
  readonly host: string
  readonly url: URL
  /** Deletes the bytes of a blob behind the server's back, as after a disk failure. */
  loseBlob(digest: string): Promise<void>
  /** The file of a blob, if blobs are files. */
  blobFile?(digest: string): string
  /** Runs `garbage-collect`, if the server has it; default: with `-m`. */
  collectGarbage?(flags?: readonly string[]): Promise<void>
}

export interface ServerKind {
  readonly name: string
  /** False if the server never mounts a blob, so that a blob is sent for each repository that needs it. */
  readonly mounts: boolean
  /** True if `garbage-collect -m` deletes the platforms of tagged images. */
  readonly losesPlatforms?: boolean
  /** The reason why it cannot run here; undefined if it can. */
  missing(): string | undefined
  start(): Promise<Server>
}

/** Where `go install` puts programs, which is often not on PATH. */
const GO_BIN = process.env['GOBIN'] ?? join(process.env['GOPATH'] ?? join(homedir(), 'go'), 'bin')

/** The program that `go install` made, or else the one on PATH. */
export const program = (name: string) => (onPath(name, GO_BIN) ? join(GO_BIN, name) : name)

/** The reason why a program that `go install` makes cannot run here; undefined if it can. */
export const absent = (name: string) =>
  onPath(name, GO_BIN) || onPath(name) ? undefined : `${name} is not installed`

/** The version matters, because both majors of distribution call their program `registry`. */
function noVersion3(): string | undefined {
  const { stdout } = spawnSync(program('registry'), ['--version'], { encoding: 'utf8' })
  return stdout?.includes('distribution/v3') ? undefined : 'distribution 3 is not installed'
}

export const SERVER_KINDS: readonly ServerKind[] = [
  {
    name: 'docker-registry 2.8',
    mounts: true,
    losesPlatforms: true,
    missing: () => absent('docker-registry'),
    start: () => startDistribution('docker-registry'),
  },
  { name: 'gpreg serve', mounts: true, missing: () => undefined, start: startGpregServe },
  {
    name: 'distribution 3',
    mounts: true,
    missing: noVersion3,
    start: () => startDistribution(program('registry')),
  },
  {
    name: 'distribution 3 on S3',
    mounts: true,
    missing: () => noVersion3() ?? absent('moto_server'),
    start: () => startRegistryOnS3(program('registry')),
  },
  { name: 'crane registry', mounts: false, missing: () => absent('crane'), start: startCrane },
]

async function startDistribution(server: string): Promise<Server> {
  const registry = await startRegistry({ program: server })
  return {
    host: registry.host,
    url: registry.url,
    loseBlob: digest => loseBlob(registry, digest),
    blobFile: digest => registry.blobFile(digest),
    collectGarbage: async (flags = ['-m']) =>
      void (await mustRun(server, ['garbage-collect', ...flags, registry.configuration])),
    [Symbol.asyncDispose]: registry.stop,
  }
}

async function startGpregServe(): Promise<Server> {
  const directory = await temporaryDirectory()
  const serve = await startServe(directory.path)
  return {
    host: serve.host,
    url: new URL(`http://${serve.host}/`),
    loseBlob: digest => rm(directory.join('blobs', digest.replace(':', '/'))),
    blobFile: digest => directory.join('blobs', digest.replace(':', '/')),
    async [Symbol.asyncDispose]() {
      await serve[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}

/** Starts the registry of crane, which keeps blobs on the disk and manifests in memory. */
async function startCrane(): Promise<Server> {
  const directory = await temporaryDirectory()
  const flags = ['--address', '127.0.0.1:0', '--disk', directory.path]
  const running = startProcess(program('crane'), ['registry', 'serve', ...flags])
  const [, port] = await running.output(/serving on port (\d+)/)
  return {
    host: `127.0.0.1:${port}`,
    url: new URL(`http://127.0.0.1:${port}/`),
    loseBlob: digest => rm(directory.join(digest.replace(':', '/'))),
    async [Symbol.asyncDispose]() {
      await running.stop()
      await directory[Symbol.asyncDispose]()
    },
  }
}

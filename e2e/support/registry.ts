import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Certificates } from './certificates.ts'
import { mustRun, startProcess, type RunningProcess } from './process.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export interface RegistryOptions {
  /** Asks for these, kept as bcrypt. */
  readonly credentials?: { readonly username: string; readonly password: string }
  /** Speaks TLS with these. */
  readonly certificates?: Certificates
  /** Keeps its blobs in a bucket of an S3 without TLS. */
  readonly s3?: S3Storage
  /** Where its directory is made; default the system's. */
  readonly parent?: string
}

export interface S3Storage {
  readonly bucket: string
  readonly region: string
  /** host:port */
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
}

export interface LoggedRequest {
  readonly method: string
  readonly path: string
  readonly status: number
  /** bytes of the answer's body */
  readonly bytes: number
}

/** A CNCF `docker-registry` of its own, on a free port of loopback. */
export interface Registry extends AsyncDisposable {
  /** 127.0.0.1:port */
  readonly host: string
  readonly url: URL
  readonly pid: number
  /** where its blobs and links are */
  readonly storage: string
  /** Its own access log. */
  requests(): LoggedRequest[]
  blobFile(digest: string): string
  stop(): Promise<void>
}

export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const directory = await temporaryDirectory(options.parent)
  const storage = directory.join('storage')
  await mkdir(storage)
  if (options.credentials) await writeHtpasswd(directory.join('htpasswd'), options.credentials)
  await writeFile(
    directory.join('config.json'),
    JSON.stringify(configuration(options, storage, directory.join('htpasswd'))),
  )
  // With an authority of its own the S3 driver of this registry panics.
  const { AWS_CA_BUNDLE: _, ...env } = process.env
  const running = startProcess('docker-registry', ['serve', directory.join('config.json')], { env })
  const host = await listeningHost(running)
  const stop = async () => {
    await running.stop()
    await directory[Symbol.asyncDispose]()
  }
  return {
    host,
    url: new URL(`${options.certificates ? 'https' : 'http'}://${host}/`),
    pid: running.pid,
    storage,
    requests: () => parseAccessLog(running.stdout()),
    blobFile: digest => blobFile(storage, digest),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** A file with one user, as bcrypt of the lowest cost. */
export async function writeHtpasswd(
  path: string,
  { username, password }: NonNullable<RegistryOptions['credentials']>,
): Promise<void> {
  await writeFile(path, await mustRun('htpasswd', ['-niB', '-C', '4', username], { stdin: password }))
}

/** JSON is YAML, and the registry reads YAML. */
function configuration(
  { credentials, certificates, s3 }: RegistryOptions,
  storage: string,
  htpasswd: string,
) {
  return {
    version: 0.1,
    log: { level: 'info' },
    storage: {
      ...(s3 ? { s3: s3Driver(s3) } : { filesystem: { rootdirectory: storage } }),
      delete: { enabled: true },
    },
    http: {
      // The kernel picks a free port; the log says which.
      addr: '127.0.0.1:0',
      secret: 'a secret of this test alone',
      ...(certificates ? { tls: { certificate: certificates.certFile, key: certificates.keyFile } } : {}),
    },
    ...(credentials ? { auth: { htpasswd: { realm: 'gpreg e2e', path: htpasswd } } } : {}),
  }
}

/** https://distribution.github.io/distribution/storage-drivers/s3/; the gateway knows no encryption. */
function s3Driver({ bucket, region, endpoint, accessKey, secretKey }: S3Storage) {
  const key = { accesskey: accessKey, secretkey: secretKey }
  return { bucket, region, regionendpoint: `http://${endpoint}`, ...key, secure: false, encrypt: false }
}

/** It logs the address once the port is open. */
async function listeningHost(running: RunningProcess): Promise<string> {
  const [, host] = await running.output(/listening on (127\.0\.0\.1:\d+)/)
  return host!
}

function blobFile(storage: string, digest: string): string {
  const hex = digest.replace('sha256:', '')
  return join(storage, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data')
}

const LOG_LINE = /"(?<method>[A-Z]+) (?<path>\S+) HTTP\/[\d.]+" (?<status>\d+) (?<bytes>\d+)/

export function parseAccessLog(text: string): LoggedRequest[] {
  return text.split('\n').flatMap(line => {
    const { method, path, status, bytes } = LOG_LINE.exec(line)?.groups ?? {}
    return method && path
      ? [{ method, path: path.replace(/\?.*/, ''), status: Number(status), bytes: Number(bytes) }]
      : []
  })
}

/** Loses one blob as a failing disk would. */
export async function loseBlob(registry: Registry, digest: string): Promise<void> {
  await rm(registry.blobFile(digest))
}

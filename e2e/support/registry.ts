import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Certificates } from '@gpreg/oci/testing'
import { mustRun, startProcess, type RunningProcess } from './process.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export interface RegistryOptions {
  /** The server; default: `docker-registry`. Distribution v3 takes the same configuration. */
  readonly program?: string
  /** The login that the registry requires, stored as bcrypt. */
  readonly credentials?: { readonly username: string; readonly password: string }
  /** The certificates of the registry, which then uses TLS. */
  readonly certificates?: Certificates
  /** The S3 bucket (without TLS) for blobs; default: a directory. */
  readonly s3?: S3Storage
  /** The parent of the registry's directory; default: the system's temporary directory. */
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
  /** bytes of the response body */
  readonly bytes: number
}

/** A CNCF `docker-registry` for one test, on a free port of loopback. */
export interface Registry extends AsyncDisposable {
  /** 127.0.0.1:port */
  readonly host: string
  readonly url: URL
  readonly pid: number
  /** directory of its blobs and links */
  readonly storage: string
  /** file of its configuration, which `garbage-collect` reads, too */
  readonly configuration: string
  /** The access log of the registry. */
  requests(): LoggedRequest[]
  blobFile(digest: string): string
  stop(): Promise<void>
}

export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const directory = await temporaryDirectory(options.parent)
  const storage = directory.join('storage')
  await mkdir(storage)
  if (options.credentials) await writeHtpasswd(directory.join('htpasswd'), options.credentials)
  const file = directory.join('config.json')
  await writeFile(file, JSON.stringify(configuration(options, storage, directory.join('htpasswd'))))
  // The S3 driver of this registry panics if AWS_CA_BUNDLE is set.
  const { AWS_CA_BUNDLE: _, ...own } = process.env
  // Version 3 sends traces to localhost unless it is told not to.
  const env = { ...own, OTEL_TRACES_EXPORTER: 'none' }
  const running = startProcess(options.program ?? 'docker-registry', ['serve', file], { env })
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
    configuration: file,
    requests: () => parseAccessLog(running.stdout()),
    blobFile: digest => blobFile(storage, digest),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Writes a file with one user. bcrypt has its lowest cost, for speed. */
export async function writeHtpasswd(
  path: string,
  { username, password }: NonNullable<RegistryOptions['credentials']>,
): Promise<void> {
  await writeFile(path, await mustRun('htpasswd', ['-niB', '-C', '4', username], { stdin: password }))
}

/** Writes the configuration as JSON. JSON is valid YAML, which the registry reads. */
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
      // Port 0 lets the kernel choose a free port. The registry logs the chosen port.
      addr: '127.0.0.1:0',
      secret: 'a secret of this test alone',
      ...(certificates ? { tls: { certificate: certificates.certFile, key: certificates.keyFile } } : {}),
    },
    ...(credentials ? { auth: { htpasswd: { realm: 'gpreg e2e', path: htpasswd } } } : {}),
  }
}

/**
 * Configures the S3 driver, without encryption because the gateway has none:
 * https://distribution.github.io/distribution/storage-drivers/s3/
 */
function s3Driver({ bucket, region, endpoint, accessKey, secretKey }: S3Storage) {
  const key = { accesskey: accessKey, secretkey: secretKey }
  const plain = { secure: false, encrypt: false }
  // Without `forcepathstyle`, version 3 puts the bucket into the host name, which needs DNS.
  return { bucket, region, regionendpoint: `http://${endpoint}`, forcepathstyle: true, ...key, ...plain }
}

/** Waits for the log line with the address, which the registry prints when the port is open. */
async function listeningHost(running: RunningProcess): Promise<string> {
  const [, host] = await running.output(/listening on (127\.0\.0\.1:\d+)/)
  return host!
}

function blobFile(storage: string, digest: string): string {
  return join(storage, blobPath(digest))
}

/** Path of a blob below the root of the storage, be it a directory or a bucket. */
export function blobPath(digest: string): string {
  const hex = digest.replace('sha256:', '')
  return `docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`
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

/** Deletes one blob from the disk, as after a disk failure. */
export async function loseBlob(registry: Registry, digest: string): Promise<void> {
  await rm(registry.blobFile(digest))
}

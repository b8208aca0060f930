import { mkdir, writeFile } from 'node:fs/promises'
import { createRegistryServer, MemoryStore, contentFrom, parseDigest } from '@gpreg/oci'
import { makeCertificates, type Certificates } from '@gpreg/oci/testing'
import { releaseSamples } from '../demo/release.ts'
import { startConnectProxy } from '../support/cloud/connect-proxy.ts'
import type { Content, Image } from '../support/images.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

type AnyStore = Parameters<typeof createRegistryServer>[0]

/** The registry of each page and its htpasswd file. Its login is in the home directory of the page. */
const INTERNAL = 'registry.internal'
const HTPASSWD = 'mirror:$2y$04$mZV5qYUFnnmHnYjPu6HxOOfu20Eypix8T4BrEYEUZaWvSyWhNkvji'
const LOGIN = { auths: { [INTERNAL]: { auth: Buffer.from('mirror:hunter2').toString('base64') } } }

/** Where a host of an image is reached, if that is another name. */
const SERVERS: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' }

/** The public registries, with the sample release in them. Pages only read them, so all pages share them. */
export interface PublicRegistries extends AsyncDisposable {
  readonly certificates: Certificates
  /** from `host:443` to a port of loopback */
  readonly routes: Readonly<Record<string, number>>
}

export async function startPublicRegistries(): Promise<PublicRegistries> {
  const directory = await temporaryDirectory()
  const samples = await releaseSamples()
  const hosts = [...new Set([...samples.keys()].map(reference => reference.split('/')[0]!))]
  const names = hosts.map(host => SERVERS[host] ?? host)
  const certificates = await makeCertificates(directory.path, ...names, INTERNAL)
  const stores = new Map(hosts.map(host => [host, new MemoryStore(host)]))
  for (const [reference, image] of samples) await stock(stores, reference, image)
  const servers = await Promise.all([...stores.values()].map(store => serve(store, certificates)))
  return {
    certificates,
    routes: Object.fromEntries(names.map((name, index) => [`${name}:443`, servers[index]!.port])),
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map(server => server.close()))
      await directory[Symbol.asyncDispose]()
    },
  }
}

/** What the commands of one page see: the public registries, and an empty internal one. */
export interface World extends AsyncDisposable {
  /** The variables by which gpreg and programs in Go reach the registries by their names. */
  readonly env: Readonly<Record<string, string>>
}

/** @param home directory that gets the login of the internal registry */
export async function startWorld({ certificates, routes }: PublicRegistries, home: string): Promise<World> {
  await mkdir(`${home}/.docker`, { recursive: true })
  await writeFile(`${home}/.docker/config.json`, JSON.stringify(LOGIN))
  const internal = await serve(new MemoryStore(INTERNAL), certificates, HTPASSWD)
  const proxy = await startConnectProxy({ ...routes, [`${INTERNAL}:443`]: internal.port })
  return {
    env: { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: certificates.caFile },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await internal.close()
    },
  }
}

function serve(store: AnyStore, { cert, key }: Certificates, htpasswd?: string) {
  const options = { tls: { cert, key }, ...(htpasswd === undefined ? {} : { htpasswd }) }
  return createRegistryServer(store, options).listen('127.0.0.1', 0)
}

async function stock(
  stores: ReadonlyMap<string, MemoryStore>,
  reference: string,
  image: Image,
): Promise<void> {
  const [host, name, tag] = /^([^/]+)\/(.+):([^:]+)$/.exec(reference)!.slice(1) as [string, string, string]
  const repository = stores.get(host)!.repository(name)
  const push = (content: Content) => repository.push(descriptorOf(content), contentFrom(content.bytes))
  for (const content of [...image.blobs, ...image.children.map(child => child.manifest)]) await push(content)
  await repository.tag(tag, descriptorOf(image.manifest), image.manifest.bytes)
}

function descriptorOf({ mediaType, digest, bytes }: Content) {
  return { mediaType, digest: parseDigest(digest), size: bytes.length }
}

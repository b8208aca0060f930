import { createHash, type Hash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { makeImage } from '../../support/images.ts'

/**
 * Starts a source that generates its layers while it serves them, and a target that hashes what it receives and drops it.
 * So ten gigabytes are copied without the disk. It is a process of its own, so that gpreg's memory is measured alone.
 *
 * node synthetic.ts LAYERS BYTES-PER-LAYER
 */
const [layers, size] = process.argv.slice(2).map(Number) as [number, number]
const CHUNK = Buffer.alloc(1 << 20, 'not compressible, as nobody tries')

interface Blob {
  readonly size: number
  read(): Iterable<Buffer>
}

const blobs = new Map<string, Blob>()
const digests: string[] = []
for (let index = 0; index < layers; index++) {
  const blob = { size, read: () => bytesOf(index) }
  const hash = createHash('sha256')
  for (const chunk of blob.read()) hash.update(chunk)
  digests.push(`sha256:${hash.digest('hex')}`)
  blobs.set(digests.at(-1)!, blob)
}
const { config, manifest } = describeImage()
blobs.set(config.digest, { size: config.bytes.length, read: () => [config.bytes] })

const source = await listen(serveSource)
const target = await listen(serveTarget)
console.log(`ready ${source} ${target}`)

function* bytesOf(index: number): Iterable<Buffer> {
  const header = Buffer.alloc(8)
  header.writeBigUInt64BE(BigInt(index))
  yield header
  for (let left = size - header.length; left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, left)
}

/** Describes an image whose layers are known by digest and size only. */
function describeImage() {
  const { manifest, blobs } = makeImage([])
  const document = JSON.parse(manifest.bytes.toString())
  document.layers = digests.map(digest => ({
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    digest,
    size,
  }))
  const bytes = Buffer.from(JSON.stringify(document))
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  return { config: blobs[0]!, manifest: { ...manifest, bytes, digest } }
}

async function serveSource(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const name = request.url!.split('/').at(-1)!
  const blob = blobs.get(name)
  if (request.url === '/v2/') return answer(response, 200)
  if (request.url!.includes('/referrers/') || name.startsWith('sha256-')) return answer(response, 404)
  if (request.url!.includes('/manifests/')) {
    const headers = {
      'content-type': manifest.mediaType,
      'docker-content-digest': manifest.digest,
      'content-length': manifest.bytes.length,
    }
    return void response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : manifest.bytes)
  }
  if (!blob) return answer(response, 404)
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': blob.size })
  if (request.method === 'HEAD') return void response.end()
  await pipeline(Readable.from(blob.read()), response)
}

/** Blobs and manifests by repository, so that each run can have a repository of its own. */
const stored = new Set<string>()
/** Hashes of uploads in chunks, by the path of their location. */
const uploads = new Map<string, Hash>()
let started = 0

async function serveTarget(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url!, 'http://target')
  const name = url.searchParams.get('digest') ?? url.pathname.split('/').at(-1)!
  const [, repository] = /^\/v2\/(.+)\/(?:blobs|manifests|tags|referrers)\//.exec(url.pathname) ?? []
  if (url.pathname === '/v2/') return answer(response, 200)
  if (request.method === 'POST') return answer(response, 202, { location: `${url.pathname}${++started}` })
  if (request.method !== 'PUT' && request.method !== 'PATCH')
    return answer(response, stored.has(`${repository} ${name}`) ? 200 : 404)
  const hash = uploads.get(url.pathname) ?? createHash('sha256')
  for await (const chunk of request) hash.update(chunk as Buffer)
  if (request.method === 'PATCH') {
    uploads.set(url.pathname, hash)
    return answer(response, 202, { location: url.pathname })
  }
  uploads.delete(url.pathname)
  const digest = `sha256:${hash.digest('hex')}`
  if (name.startsWith('sha256:') && name !== digest) return answer(response, 400)
  stored.add(`${repository} ${name}`)
  answer(response, 201, { 'docker-content-digest': digest, location: url.pathname })
}

function answer(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-length': 0, ...headers }).end()
}

async function listen(
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<string> {
  const server = createServer(
    (request, response) => void serve(request, response).catch(() => response.destroy()),
  )
  server.requestTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

import { generateKeyPairSync } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer as createTlsServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import {
  answer,
  isFor,
  makeCertificates,
  oddRegistry,
  pushSample,
  refusing,
  sampleImage,
  sampleIndex,
  scriptedServer,
  type Oddity,
} from '@gpreg/oci/testing'
import { gpreg } from '../../support/gpreg.ts'
import { writeAuthfile } from '../../support/internal-registry.ts'
import { mustRun } from '../../support/process.ts'
import { canMount, smallDisk } from '../../support/small-disk.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

export const REDIS = 'docker.io/library/redis:6.2'
const LAYER = 300_000

/** Registries and files that mistakes need. Everything is in memory or below one directory. */
export type Site = Awaited<ReturnType<typeof startSite>>

export async function startSite() {
  const stack = new AsyncDisposableStack()
  const directory = stack.use(await temporaryDirectory())
  const registry = async (...oddities: Oddity[]) => stack.use(await oddRegistry(...oddities))
  const withImages = async (...oddities: Oddity[]) => {
    const made = await registry(...oddities)
    const repository = made.store.repository('docker.io/library/redis')
    await pushSample(repository, IMAGE, '6.2')
    await pushSample(repository, sampleIndex({ amd64: IMAGE }), 'index')
    return made
  }
  const source = await withImages()
  const target = await registry()
  const certificates = await makeCertificates(directory.path)
  const hosts = {
    closed: await closedHost(),
    empty: (await registry()).host,
    corrupt: (await withImages(corrupting)).host,
    expired: await expiredHost(stack, directory.path),
    expiredToken: (await registry(bearer('the token has expired'))).host,
    full: (await registry(refusing('POST PUT PATCH', /./, 507))).host,
    limited: (await registry(refusing('GET HEAD', /./, 429, '', { 'retry-after': '86400' }))).host,
    password: (await registry(basic)).host,
    noRegistry: stack.use(
      await scriptedServer(
        (_, response) => void answer(response, 404, '<h1>Not here</h1>', { 'content-type': 'text/html' }),
      ),
    ).host,
    readOnly: (await registry(refusing('POST PUT PATCH', /./, 405))).host,
    source: source.host,
    target: target.host,
    unknownCa: await tlsHost(stack, certificates),
  }
  await writeFiles(directory.path, hosts)
  await makeBundles(directory.path, hosts.source)
  const small = canMount ? stack.use(await smallDisk(directory.join('small'), '64k')) : undefined
  return {
    hosts,
    path: directory.path,
    join: directory.join,
    hasSmallDisk: small !== undefined,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** Flags that read images of docker.io from a registry of the site. */
export const from = (host: string) => ['--source-mirror', `docker.io=${host}/docker.io`]

async function closedHost(): Promise<string> {
  const server = await scriptedServer(() => {})
  await server[Symbol.asyncDispose]()
  return server.host
}

const IMAGE = sampleImage([Buffer.alloc(LAYER, 7)])
const [, LAYER_DIGEST = ''] = IMAGE.blobs.keys()

/** The layer is not what its digest says. */
const corrupting: Oddity = (request, response) =>
  isFor(request, 'GET', new RegExp(LAYER_DIGEST)) ? answer(response, 200, Buffer.alloc(LAYER, 8)) : false

const basic: Oddity = (_, response) =>
  answer(response, 401, '{"errors":[{"code":"UNAUTHORIZED"}]}', { 'www-authenticate': 'Basic realm="site"' })

const bearer =
  (description: string): Oddity =>
  ({ headers, url }, response) =>
    url?.startsWith('/token')
      ? answer(response, 200, '{"token":"old"}')
      : answer(response, 401, '', {
          'www-authenticate': `Bearer realm="http://${headers.host}/token",service="site",error="invalid_token",error_description="${description}"`,
        })

async function tlsHost(
  stack: AsyncDisposableStack,
  { cert, key }: { cert: string; key: string },
): Promise<string> {
  const server: Server = createTlsServer({ cert, key }, (_, response) => void response.end('{}'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  stack.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function expiredHost(stack: AsyncDisposableStack, directory: string): Promise<string> {
  const [request, cert, key] = ['csr', 'pem', 'key'].map(kind => `${directory}/expired.${kind}`) as [
    string,
    string,
    string,
  ]
  const openssl = (...args: string[]) => mustRun('openssl', args)
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await openssl('req', '-new', ...ec, ...subject, '-keyout', key, '-out', request)
  // It ended a day ago.
  const signed = ['-signkey', key, '-days', '-1', '-copy_extensions', 'copy']
  await openssl('x509', '-req', '-in', request, ...signed, '-out', cert)
  return tlsHost(stack, { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') })
}

async function writeFiles(directory: string, { password }: { password: string }): Promise<void> {
  const write = (name: string, text: string, mode = 0o644) =>
    writeFile(`${directory}/${name}`, text, { mode })
  await Promise.all([
    mkdir(`${directory}/folder`),
    write('broken.yaml', 'a: [1\nb: }'),
    write('empty.txt', ''),
    write('list.yaml', '- just\n- a list\n'),
    write('malformed.txt', 'docker.io/library/redis:6.2\nUpper/Case::latest\n'),
    write('no-bundle.tar', 'this is no archive\n'.repeat(100)),
    write('no-lock.json', '{"kind":"Receipt","version":1}'),
    write('secret.txt', 'docker.io/library/redis:6.2\n', 0o000),
    write('collide.txt', 'docker.io/library/redis:6.2\nquay.io/other/redis:6.2\n'),
    writeAuthfile(`${directory}/wrong.json`, password, { username: 'mirror', password: 'wrong-and-secret' }),
  ])
  for (const name of ['key', 'other']) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    await write(`${name}.pem`, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)
    await write(`${name}.pub.pem`, publicKey.export({ type: 'spki', format: 'pem' }) as string)
  }
}

/** A signed bundle, and one in volumes of which the last one is missing. */
async function makeBundles(directory: string, source: string): Promise<void> {
  const save = (...args: string[]) =>
    gpreg(['bundle', 'save', '--image', REDIS, ...from(source), ...args], { cwd: directory })
  const runs = [
    await save('-o', 'signed.tar', '--sign-key', 'key.pem'),
    await save('-o', 'volumes.tar', '--volume-size', '1MB'),
  ]
  for (const run of runs) if (run.exitCode !== 0) throw new Error(run.stderr + run.stdout)
  await rm(`${directory}/volumes.tar.001`)
}

import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it as test } from 'vitest'
import { createContext } from '../../context.ts'
import type { GpregError } from '../../errors.ts'
import type { OciEvent } from '../../events.ts'
import { makeCertificates, type Certificates } from '../../testing/certificates.ts'
import { lacks } from '../../testing/programs.ts'
import { createRegistries, type RegistriesOptions } from '../registries.ts'
import { readHostCertificates } from './host-certificates.ts'
import { readSystemStore } from './system-store.ts'

const it = test.skipIf(lacks('openssl'))

let directory: string
let certificates: Certificates
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpreg-trust-'))
  await mkdir(join(directory, 'made'))
  certificates = await makeCertificates(join(directory, 'made'))
})
afterEach(() => rm(directory, { recursive: true }))

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

/** Writes a file below the directory of the test. */
async function write(name: string, content: string): Promise<string> {
  const path = join(directory, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, content)
  return path
}

describe('the store of the system', () => {
  const read = async (env: Record<string, string>, files: string[] = [], directories: string[] = []) => {
    const { authorities, places } = await readSystemStore(env, { files, directories }, 'linux')
    return { number: authorities.length, places }
  }

  it('is the first file that is there, and all directories', async () => {
    const [one, two] = [await write('one.pem', certificates.ca), await write('two.pem', certificates.cert)]
    await write('more/a.pem', `# a comment\n${certificates.ca}\n${certificates.cert}`)
    await write('more/rubbish', '-----BEGIN CERTIFICATE-----')
    await symlink('a.pem', join(directory, 'more', 'c0ffee.0'))
    await symlink(two, join(directory, 'more', 'elsewhere.pem'))
    await symlink('/nowhere/x.pem', join(directory, 'more', 'broken.pem'))
    await mkdir(join(directory, 'more', 'folder'))
    const more = join(directory, 'more')
    expect(await read({}, ['/nowhere/a.pem', one, two], ['/nowhere', more])).toEqual({
      number: 4,
      places: [one, more],
    })
  })

  it.each([
    ['SSL_CERT_FILE', 'one.pem', 1, ''],
    ['SSL_CERT_FILE', 'absent.pem', 0, ' (not read: ENOENT)'],
    ['SSL_CERT_FILE', 'rubbish.pem', 0, ' (no certificate in it)'],
    ['SSL_CERT_DIR', 'absent', 0, ' (not read: ENOENT)'],
    ['SSL_CERT_DIR', 'made', 2, ''],
  ])('%s=%s is read instead', async (variable, name, number, remark) => {
    await write('one.pem', certificates.ca)
    await write('rubbish.pem', 'no certificate')
    const path = join(directory, name)
    expect(await read({ [variable]: path })).toEqual({ number, places: [`${variable}=${path}${remark}`] })
  })

  it('SSL_CERT_DIR names several directories, and leaves the files alone', async () => {
    const file = await write('file.pem', certificates.ca)
    const [a, b] = [await write('a/a.pem', certificates.ca), await write('b/b.pem', certificates.ca)].map(
      path => path.replace(/\/\w+\.pem$/, ''),
    )
    const { number, places } = await read({ SSL_CERT_DIR: `${a}:/nowhere:${b}:` }, [file])
    expect(number).toBe(3)
    expect(places).toEqual([
      file,
      `SSL_CERT_DIR=${a}`,
      'SSL_CERT_DIR=/nowhere (not read: ENOENT)',
      `SSL_CERT_DIR=${b}`,
    ])
  })
})

describe('the certificates of a host', () => {
  const read = async (host: string) => {
    const skipped: string[] = []
    const found = await readHostCertificates(
      host,
      [join(directory, 'own'), join(directory, 'docker')],
      path => {
        skipped.push(path.slice(directory.length + 1))
      },
    )
    return { ...found, skipped }
  }

  it('are *.crt and the first *.cert with its key, of all directories', async () => {
    await write('own/r.corp:5000/ca.crt', certificates.ca)
    await write('own/r.corp:5000/readme.txt', 'no certificate')
    await write('docker/r.corp:5000/a.cert', certificates.cert)
    await write('docker/r.corp:5000/b.cert', certificates.cert)
    await write('docker/r.corp:5000/b.key', certificates.key)
    expect(await read('r.corp:5000')).toMatchObject({
      authorities: [certificates.ca.trim()],
      identity: { cert: certificates.cert, key: certificates.key },
      skipped: ['docker/r.corp:5000/a.cert'],
    })
  })

  it('are not those of another port', async () => {
    await write('own/r.corp/ca.crt', certificates.ca)
    expect(await read('r.corp:5000')).toMatchObject({ authorities: [], skipped: [] })
  })

  it('that are rubbish are passed over', async () => {
    await write('own/r.corp/a.crt', 'rubbish')
    await mkdir(join(directory, 'own/r.corp/b.crt'))
    await write('own/r.corp/c.cert', certificates.cert)
    await write('own/r.corp/c.key', await readFile(join(directory, 'made', 'ca.key'), 'utf8'))
    await write('own/r.corp/d.crt', certificates.ca)
    expect(await read('r.corp')).toMatchObject({
      authorities: [certificates.ca.trim()],
      skipped: ['own/r.corp/a.crt', 'own/r.corp/b.crt', 'own/r.corp/c.cert'],
    })
  })

  it.each(['..', '../own', '.', ''])('are not looked for outside: %j', async host => {
    await write('own/ca.crt', certificates.ca)
    expect((await read(host)).places).toEqual([])
  })
})

describe('a registry with a private CA', () => {
  /** The names in the client certificates that it was shown. */
  const clients: unknown[] = []
  beforeEach(() => void clients.splice(0))

  /** Asks a TLS registry whether it is there. */
  async function ping(options: RegistriesOptions, prepare?: (host: string) => Promise<unknown>) {
    const server = createServer(
      { ...certificates, requestCert: true, rejectUnauthorized: false },
      ({ socket }, response) => {
        clients.push((socket as TLSSocket).getPeerCertificate().subject?.CN)
        response.end()
      },
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(async () => {
      server.closeAllConnections()
      server.close()
    })
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    await prepare?.(host)
    const events: OciEvent[] = []
    const context = createContext({ emit: event => events.push(event), sleep: async () => {} })
    const registries = await createRegistries(
      { ...options, env: { HOME: directory, ...options.env } },
      context,
    )
    cleanups.push(() => registries.close())
    const error = await registries.ping(host).then(
      () => undefined,
      (thrown: GpregError) => thrown,
    )
    return { error, events, host }
  }

  it.each([
    ['--ca-file', () => ({ caFiles: [{ file: certificates.caFile }] })],
    ['SSL_CERT_FILE', () => ({ env: { SSL_CERT_FILE: certificates.caFile } })],
    ['SSL_CERT_DIR', () => ({ env: { SSL_CERT_DIR: `/nowhere:${join(directory, 'made')}` } })],
  ])('is trusted by %s', async (_, options) => {
    expect((await ping(options())).error).toBeUndefined()
  })

  it('is trusted by ~/.config/containers/certs.d, and shown the client certificate there', async () => {
    const { error } = await ping({}, async host => {
      const place = join(directory, '.config/containers/certs.d', host)
      await mkdir(place, { recursive: true })
      await copyFile(certificates.caFile, join(place, 'ours.crt'))
      await copyFile(certificates.certFile, join(place, 'client.cert'))
      await copyFile(certificates.keyFile, join(place, 'client.key'))
    })
    expect(error).toBeUndefined()
    expect(clients).toEqual(['127.0.0.1'])
  })

  it('is not trusted otherwise, and the hint says where authorities were looked for', async () => {
    const place = '.config/containers/certs.d'
    const env = { SSL_CERT_FILE: '/nowhere.pem' }
    const { error, events, host } = await ping({ env }, host => write(`${place}/${host}/x.crt`, 'rubbish'))
    expect(error).toMatchObject({ code: 'tls-untrusted' })
    for (const part of [
      'SSL_CERT_FILE=/nowhere.pem (not read: ENOENT)',
      join(directory, place, host),
      `/etc/containers/certs.d/${host}`,
      `/etc/docker/certs.d/${host}`,
    ])
      expect(error?.hint).toContain(part)
    expect(events).toContainEqual(
      expect.objectContaining({
        code: 'certificate-skipped',
        subject: { host, path: join(directory, place, host, 'x.crt') },
      }),
    )
  })

  it('refuses files of options that are none, before any request', async () => {
    const file = await write('rubbish.pem', 'rubbish')
    await expect(ping({ caFiles: [{ file }] })).rejects.toMatchObject({ code: 'input-invalid' })
    const clientCertificates = [{ host: 'r.corp', certificate: certificates.certFile, key: file }]
    await expect(ping({ clientCertificates })).rejects.toMatchObject({ code: 'input-invalid' })
  })
})

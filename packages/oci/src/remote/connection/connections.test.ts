import { fork, spawn, type ChildProcess } from 'node:child_process'
import dns from 'node:dns'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createContext } from '../../context.ts'
import { makeCertificates } from '../../testing/certificates.ts'
import { createRegistries, type RegistriesOptions } from '../registries.ts'

let directory: string
const cleanups: (() => unknown)[] = []
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-connections-'))))
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
  await rm(directory, { recursive: true })
})

async function ping(host: string, options: RegistriesOptions) {
  const context = createContext({ sleep: async () => {} })
  const registries = await createRegistries({ env: { HOME: directory }, ...options }, context)
  cleanups.push(() => registries.close())
  return registries.ping(host)
}

const started = (child: ChildProcess): ChildProcess => {
  cleanups.push(() => child.kill('SIGKILL'))
  return child
}

/** Listens, and then does nothing for a while, so that its queue of connections is full and the next one has to wait. */
const BUSY_SERVER = `
  import { createServer } from 'node:http'
  const server = createServer((_, response) => response.end()).listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    process.send(server.address().port, () =>
      setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1100), 20))
  })`

// Other systems answer when a queue is full.
it.runIf(process.platform === 'linux')(
  'an address that answers after a second is not given up for one that does not answer at all',
  async () => {
    const file = join(directory, 'server.mjs')
    await writeFile(file, BUSY_SERVER)
    const [port] = (await once(started(fork(file)), 'message')) as [number]
    await new Promise(resolve => setTimeout(resolve, 100))
    const fillers: Socket[] = Array.from({ length: 4 }, () =>
      connect(port, '127.0.0.1').on('error', () => {}),
    )
    cleanups.push(() => fillers.forEach(socket => socket.destroy()))
    await new Promise(resolve => setTimeout(resolve, 100))
    const addresses = [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ]
    const lookup = vi.spyOn(dns, 'lookup') as unknown as ReturnType<typeof vi.fn>
    lookup.mockImplementation((...asked: unknown[]) =>
      (asked.at(-1) as (...found: unknown[]) => void)(null, addresses),
    )
    cleanups.push(() => lookup.mockRestore())
    const host = `r.corp:${port}`
    expect(await ping(host, { plainHttp: [host] })).toMatchObject({ scheme: 'http' })
  },
)

it('a server that wants a client certificate says so', async () => {
  const { caFile, certFile, keyFile } = await makeCertificates(directory)
  const flags = ['-accept', '127.0.0.1:0', '-cert', certFile, '-key', keyFile, '-CAfile', caFile]
  const server = started(
    spawn('openssl', ['s_server', ...flags, '-Verify', '1', '-verify_return_error', '-www']),
  )
  let said = ''
  for await (const chunk of server.stdout!) if (/ACCEPT .*:\d+/.test((said += String(chunk)))) break
  const host = `127.0.0.1:${/ACCEPT .*:(\d+)/.exec(said)?.[1]}`
  await expect(ping(host, { caFiles: [{ file: caFile }] })).rejects.toMatchObject({
    message: expect.stringContaining('refuses the TLS connection: certificate required'),
    hint: expect.stringContaining('--client-cert'),
  })
})

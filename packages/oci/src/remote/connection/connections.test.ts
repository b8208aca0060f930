import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
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

import { chmod, copyFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { connect } from 'node:tls'
import { LayoutStore } from '@gpreg/oci'
import { pushSample, sampleImage } from '@gpreg/oci/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCertificates } from '@gpreg/oci/testing'
import { gpreg, GPREG, isolatedEnvironment, startGpreg } from '../support/gpreg.ts'
import { mustRun, startProcess } from '../support/process.ts'
import { startServe, type Serve } from '../support/serve.ts'
import { canMount, smallDisk } from '../support/small-disk.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { isRoot, needs } from '../support/tools.ts'

const image = sampleImage(['layer'])
let directory: TemporaryDirectory
let runs = 0
beforeAll(async () => {
  directory = await temporaryDirectory()
})
afterAll(() => directory?.[Symbol.asyncDispose]())

const newPath = () => directory.join(`layout-${++runs}`)

/** A layout with one image, team/app:1. */
async function newLayout(): Promise<string> {
  const path = newPath()
  await pushSample((await LayoutStore.open(path)).repository('team/app'), image, '1')
  return path
}

async function tagAt({ host }: Serve, tag: string): Promise<number> {
  const answer = await fetch(`http://${host}/v2/team/app/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'content-type': image.descriptor.mediaType },
    body: image.bytes,
  })
  return answer.status
}

async function tagsAt({ host }: Serve): Promise<string[]> {
  const answer = await fetch(`http://${host}/v2/team/app/tags/list`)
  return ((await answer.json()) as { tags: string[] }).tags
}

describe('a directory under several hands', () => {
  it('is written by one server; a second one is told by whom, and reads it', async () => {
    const path = await newLayout()
    await using first = await startServe(path)
    const second = await gpreg(['serve', path, '--listen', '127.0.0.1:0', '--json'])
    expect(second.exitCode).toBe(2)
    const { error } = second.json()
    expect(error.code).toBe('storage')
    for (const part of [path, `process ${first.process.pid}`, hostname()])
      expect(error.message).toContain(part)
    expect(error.hint).toContain('--read-only')
    await using reader = await startServe(path, '--read-only')
    expect(await tagAt(reader, 'no')).toBe(405)
    for (const tag of ['2', '3']) {
      expect(await tagAt(first, tag)).toBe(201)
      expect(await tagsAt(reader)).toContain(tag)
    }
  })

  it('is free at once after its server was killed, and keeps every tag', async () => {
    const path = await newLayout()
    await using first = await startServe(path)
    expect(await tagAt(first, '2')).toBe(201)
    first.process.signal('SIGKILL')
    await first.process.exited
    await using second = await startServe(path)
    expect(await tagsAt(second)).toEqual(['1', '2'])
    expect((await readdir(`${path}/ingest`)).filter(name => name.startsWith('claim'))).toHaveLength(1)
  })

  it('takes no bundle while it is served', async () => {
    await using source = await startServe(await newLayout())
    const path = await newLayout()
    await using server = await startServe(path)
    const saved = await gpreg(['bundle', 'save', '--image', `${source.host}/team/app:1`, '-o', `${path}/`])
    expect(saved.exitCode, saved.stderr).toBe(2)
    expect(saved.stderr).toContain(`process ${server.process.pid} on ${hostname()}`)
  })

  it('loses no tag of a server and of a program that writes it, too', async () => {
    const path = await newLayout()
    await using server = await startServe(path)
    const ours = (await LayoutStore.open(path)).repository('team/app')
    const numbers = Array.from({ length: 40 }, (_, at) => at)
    const [statuses] = await Promise.all([
      Promise.all(numbers.map(at => tagAt(server, `served-${at}`))),
      (async () => {
        for (const at of numbers) await ours.tag(`copied-${at}`, image.descriptor, image.bytes)
      })(),
    ])
    expect(new Set(statuses)).toEqual(new Set([201]))
    expect(await tagsAt(server)).toHaveLength(81)
    const { manifests } = JSON.parse(await readFile(`${path}/index.json`, 'utf8'))
    expect(manifests).toHaveLength(81)
  })

  it.skipIf(!canMount)('is served from a medium that cannot be written', async () => {
    await using disk = await smallDisk(directory.join('medium'), '10m')
    const path = `${disk.path}/layout`
    await pushSample((await LayoutStore.open(path)).repository('team/app'), image, '1')
    await mustRun('mount', ['-o', 'remount,ro', disk.path])
    await using server = await startServe(path, '--read-only')
    expect(await tagsAt(server)).toEqual(['1'])
    const { descriptor, bytes } = [...image.blobs.values()][1]!
    const blob = await fetch(`http://${server.host}/v2/team/app/blobs/${descriptor.digest}`)
    expect(Buffer.from(await blob.arrayBuffer()).equals(bytes)).toBe(true)
  })
})

it('a damaged blob is told on stderr, not to the client', async () => {
  const path = await newLayout()
  const [blob] = image.blobs.values()
  const { digest, size } = blob!.descriptor
  await chmod(`${path}/blobs/sha256/${digest.slice(7)}`, 0o644)
  await writeFile(`${path}/blobs/sha256/${digest.slice(7)}`, Buffer.alloc(size))
  await using server = await startServe(path)
  const url = `/v2/team/app/blobs/${digest}`
  const answer = await fetch(`http://${server.host}${url}`)
  expect(answer.status).toBe(500)
  expect(await answer.text()).not.toContain(path)
  await server.process.output(
    new RegExp(`warning: GET ${url} failed: ${path}: expected ${digest}, got sha256:`),
  )
})

describe('SIGTERM', () => {
  const args = (path: string) => ['serve', path, '--listen', '127.0.0.1:0']

  it('ends a server that serves, with 0 and without a trace', async () => {
    const path = await newLayout()
    await using server = await startServe(path)
    server.process.signal('SIGTERM')
    expect(await server.process.exited).toEqual({ code: 0, signal: null })
    expect(await readdir(`${path}/ingest`)).toEqual([])
  })

  it('ends a server that is still starting, with 130 and without a trace', async () => {
    const path = await newLayout()
    // A claim of another host is watched for some seconds.
    const claim = 'claim~other-host~1~1~x~1'
    await writeFile(`${path}/ingest/${claim}`, '')
    await using running = await startGpreg(args(path))
    await expect.poll(() => readdir(`${path}/ingest`), { timeout: 20_000 }).toHaveLength(2)
    running.signal('SIGTERM')
    expect(await running.exited).toEqual({ code: 130, signal: null })
    expect(running.stderr()).toContain('interrupted')
    expect(await readdir(`${path}/ingest`)).toEqual([claim])
  })

  it.skipIf(!isRoot)('is heard by process 1, before the command is loaded', async () => {
    const path = newPath()
    const command = ['--pid', '--fork', '--kill-child', process.execPath, GPREG, ...args(path)]
    // The kernel drops what process 1 does not listen for, so it is sent as soon as somebody listens.
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(killOnceHeard)}` }
    await using outer = startProcess('unshare', command, { env: isolatedEnvironment(directory.path, env) })
    expect(await outer.exited).toEqual({ code: 130, signal: null })
    expect(outer.stderr()).toBe('')
    await expect(readdir(path)).rejects.toThrow('ENOENT')
  })
})

/** Sends a process SIGTERM when it first listens for it. */
const killOnceHeard = `
  const on = process.on
  process.on = function (name, listener) {
    on.call(this, name, listener)
    if (name !== 'SIGTERM') return this
    process.on = on
    process.kill(process.pid, name)
    return this
  }`

describe.skipIf(needs('openssl'))('a certificate', () => {
  it('is renewed without a restart, and stays if the new one is broken', async () => {
    const folders = ['one', 'two', 'live'].map(name => directory.join(`tls-${name}`))
    const [one, two, live] = folders as [string, string, string]
    for (const folder of folders) await mkdir(folder)
    const old = await makeCertificates(one)
    const renewed = await makeCertificates(two)
    const files = { cert: `${live}/tls.crt`, key: `${live}/tls.key` }
    const install = async (from: string, to: string) => {
      await copyFile(from, `${to}.new`)
      await rename(`${to}.new`, to)
    }
    await install(old.certFile, files.cert)
    await install(old.keyFile, files.key)
    await using server = await startServe(newPath(), '--tls-cert', files.cert, '--tls-key', files.key)
    const trusts = (ca: string) => isTrusted(server.host, ca)
    expect([await trusts(old.ca), await trusts(renewed.ca)]).toEqual([true, false])

    await writeFile(files.cert, 'no certificate')
    await server.process.output(/the old one stays/)
    expect(await trusts(old.ca)).toBe(true)

    await install(renewed.certFile, files.cert)
    await install(renewed.keyFile, files.key)
    await expect.poll(() => trusts(renewed.ca), { timeout: 10_000 }).toBe(true)
    expect(await trusts(old.ca)).toBe(false)
  })
})

/** Whether a server shows a certificate of this authority. */
function isTrusted(host: string, ca: string): Promise<boolean> {
  const [name, port] = host.split(':') as [string, string]
  return new Promise(resolve => {
    const socket = connect({ host: name, port: Number(port), ca }, () => {
      socket.destroy()
      resolve(true)
    }).on('error', () => resolve(false))
  })
}

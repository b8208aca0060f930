import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gpreg, type GpregRun } from '../support/gpreg.ts'
import { startInternalRegistry, writeAuthfile, type InternalRegistry } from '../support/internal-registry.ts'
import { startRegistry } from '../support/registry.ts'
import { deal } from '../support/fault-proxy.ts'
import { startReverseProxy, type Interceptor } from '../support/reverse-proxy.ts'
import { startServe } from '../support/serve.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'

interface Check {
  readonly name: string
  readonly status: string
  readonly detail?: string
  readonly hint?: string
}

/** A size for the large upload that is sent at once. */
const SMALL = ['--large-upload', '2']

const ALL = ['components', 'workspace-base', 'workspace-images']

/** Status of each check, by its name. */
const statuses = (run: GpregRun) =>
  Object.fromEntries(run.json().checks.map(({ name, status }: Check) => [name, status]))
const checkOf = (run: GpregRun, name: string): Check =>
  run.json().checks.find((check: Check) => check.name === name)
const blocked = (run: GpregRun) =>
  run
    .json()
    .purposes.filter(({ status }: Check) => status === 'blocked')
    .map((each: { purpose: string }) => each.purpose)

describe.skipIf(needs('docker-registry', 'htpasswd', 'openssl'))('doctor', { concurrent: true }, () => {
  let registry: InternalRegistry
  let home: TemporaryDirectory
  const doctor = (address: string, ...flags: string[]) =>
    gpreg(['doctor', address, ...(flags.includes('--large-upload') ? [] : SMALL), '--json', ...flags])

  beforeAll(async () => {
    home = await temporaryDirectory()
    registry = await startInternalRegistry()
  })
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]()
    await home?.[Symbol.asyncDispose]()
  })

  it('finds no obstacle in a registry with TLS and a login', async () => {
    const run = await doctor(registry.to, ...registry.flags)
    expect(run.exitCode, run.stderr).toBe(0)
    expect(statuses(run)).toEqual({
      ...{ reach: 'ok', tls: 'ok', auth: 'ok', push: 'ok', pull: 'ok', mount: 'ok' },
      ...{ 'large-upload': 'ok', 'tag-overwrite': 'ok', referrers: 'ok', delete: 'ok' },
    })
    expect(run.json().purposes.map(({ purpose, status }: never) => `${purpose} ${status}`)).toEqual(
      ALL.map(purpose => `${purpose} ok`),
    )
  })

  it('leaves no content behind if the registry can delete', async () => {
    const layout = home.join('layout')
    await mkdir(layout)
    await using served = await startServe(layout)
    const run = await doctor(`${served.host}/gitpod`)
    expect(statuses(run)).toMatchObject({ tls: 'warning', auth: 'warning', delete: 'ok' })
    expect(await readdir(`${layout}/blobs/sha256`)).toEqual([])
  })

  it('names an obstacle at the start, and skips the checks that depend on it', async () => {
    const untrusted = await doctor(registry.to)
    expect(statuses(untrusted)).toMatchObject({
      reach: 'ok',
      tls: 'failed',
      auth: 'skipped',
      push: 'skipped',
    })
    expect(checkOf(untrusted, 'tls').hint).toContain('--ca-file')

    const authfile = home.join('wrong.json')
    const credentials = { username: registry.credentials.username, password: 'canary-wrong' }
    await writeAuthfile(authfile, registry.witness.host, credentials)
    const ca = ['--ca-file', registry.certificates.caFile]
    const refused = await doctor(registry.to, ...ca, '--authfile', authfile)
    expect(statuses(refused)).toMatchObject({ reach: 'ok', tls: 'ok', auth: 'failed', push: 'skipped' })
    expect(refused.stdout + refused.stderr).not.toContain('canary')

    for (const run of [untrusted, refused]) {
      expect(run.exitCode).toBe(4)
      expect(blocked(run)).toEqual(ALL)
    }
    const closed = await doctor('127.0.0.1:1/gitpod')
    expect(statuses(closed)).toMatchObject({
      reach: 'failed',
      tls: 'skipped',
      push: 'skipped',
      delete: 'skipped',
    })
  })

  it('finds out that the storage of a registry is broken', async () => {
    await using broken = await startRegistry()
    await rm(broken.storage, { recursive: true })
    await writeFile(broken.storage, 'no directory')
    const run = await doctor(`${broken.host}/gitpod`)
    expect(statuses(run)).toMatchObject({ reach: 'ok', push: 'failed', pull: 'skipped' })
    expect(checkOf(run, 'push').detail).toContain('500')
    expect([run.exitCode, blocked(run)]).toEqual([4, ALL])
  })

  /** Runs doctor against a registry with a proxy in front. */
  const behind = async (intercept: Interceptor, ...flags: string[]) => {
    await using plain = await startRegistry()
    await using proxy = await startReverseProxy({ to: plain.url, intercept })
    return await doctor(`${proxy.host}/gitpod`, ...flags)
  }

  /** A proxy that refuses request bodies above this many bytes. */
  const capped =
    (bytes: number): Interceptor =>
    meeting =>
      deal({ kind: 'cap', bytes }, meeting)

  it('fails for image builds, not for mirrors, if request bodies are limited', async () => {
    const limit = capped(1024 * 1024)
    const run = await behind(limit)
    expect(statuses(run)).toMatchObject({ push: 'ok', 'large-upload': 'failed', 'tag-overwrite': 'ok' })
    expect([run.exitCode, blocked(run)]).toEqual([4, ['workspace-images']])
    const mirror = await behind(limit, '--purpose', 'components', '--purpose', 'workspace-base')
    expect([mirror.exitCode, blocked(mirror)]).toEqual([0, []])
  })

  it('finds size limits above the chunk size of a mirror, where proxies often have theirs', async () => {
    const run = await behind(capped(100_000_000), '--large-upload', '128')
    expect(statuses(run)).toMatchObject({ push: 'ok', 'large-upload': 'failed' })
    expect(blocked(run)).toEqual(['workspace-images'])
  })

  it('warns if a large upload passes only in chunks, whichever server closes the connection', async () => {
    const run = await behind(({ request, response, forward }) => {
      if (Number(request.headers['content-length'] ?? 0) <= 1024 * 1024) return forward()
      response.destroy()
    })
    expect(statuses(run)).toMatchObject({ push: 'ok', 'large-upload': 'warning' })
    expect(checkOf(run, 'large-upload').detail).toContain('broke')
  })

  it('warns about missing mounts, immutable tags and refused artifacts, which only cost something', async () => {
    const pushed = new Set<string>()
    const run = await behind(({ exchange, response, request, forward }) => {
      const { method, path, query } = exchange
      const refuse = (status: number) => {
        request.resume()
        response.writeHead(status).end()
      }
      if (method === 'POST' && query.has('mount')) {
        response.writeHead(202, { location: '/v2/nowhere/blobs/uploads/1' }).end()
      } else if (method === 'PUT' && path.includes('/manifests/probe-')) {
        // Tags are immutable here.
        if (pushed.has(path)) refuse(409)
        else forward()
        pushed.add(path)
      } else if (method === 'PUT' && path.includes('/manifests/')) refuse(400)
      else forward()
    })
    expect(statuses(run)).toMatchObject({
      ...{ push: 'ok', mount: 'warning', 'tag-overwrite': 'warning', referrers: 'warning' },
    })
    expect([run.exitCode, blocked(run)]).toEqual([0, []])
  })

  it('prints the results as text, with advice', async () => {
    const run = await gpreg(['doctor', '127.0.0.1:1/gitpod', '--purpose', 'components'])
    expect(run.stdout).toMatch(/^failed {2}reach +no answer from 127\.0\.0\.1:1: connection refused$/m)
    expect(run.stdout).toMatch(/hint: is a registry listening/)
    expect(run.stdout).toContain('127.0.0.1:1/gitpod cannot serve components: see reach')
    expect(run.stdout).not.toContain('workspace-images')
  })
})

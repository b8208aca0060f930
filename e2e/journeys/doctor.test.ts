import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gpreg, type GpregRun } from '../support/gpreg.ts'
import { startInternalRegistry, writeAuthfile, type InternalRegistry } from '../support/internal-registry.ts'
import { startRegistry } from '../support/registry.ts'
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

/** A large upload that takes no time. */
const SMALL = ['--large-upload', '2']

const ALL = ['components', 'workspace-base', 'workspace-images']

/** Statuses by name of the check. */
const statuses = (run: GpregRun) =>
  Object.fromEntries(run.json().checks.map(({ name, status }: Check) => [name, status]))
const checkOf = (run: GpregRun, name: string): Check =>
  run.json().checks.find((check: Check) => check.name === name)
const blocked = (run: GpregRun) =>
  run
    .json()
    .purposes.filter(({ status }: Check) => status === 'blocked')
    .map((each: { purpose: string }) => each.purpose)

describe.skipIf(needs('docker-registry', 'htpasswd', 'openssl'))('doctor', () => {
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

  it('finds nothing in the way of a registry with TLS and a login', async () => {
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

  it('leaves nothing behind where deleting is allowed', async () => {
    const layout = home.join('layout')
    await mkdir(layout)
    await using served = await startServe(layout)
    const run = await doctor(`${served.host}/gitpod`)
    expect(statuses(run)).toMatchObject({ tls: 'warning', auth: 'warning', delete: 'ok' })
    expect(await readdir(`${layout}/blobs/sha256`)).toEqual([])
  })

  it('names what is in the way from the start, and skips what stands on it', async () => {
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

  it('is not taken in by a registry whose storage is broken', async () => {
    await using broken = await startRegistry()
    await rm(broken.storage, { recursive: true })
    await writeFile(broken.storage, 'no directory')
    const run = await doctor(`${broken.host}/gitpod`)
    expect(statuses(run)).toMatchObject({ reach: 'ok', push: 'failed', pull: 'skipped' })
    expect(checkOf(run, 'push').detail).toContain('500')
    expect([run.exitCode, blocked(run)]).toEqual([4, ALL])
  })

  /** A registry behind something that meets requests first. */
  const behind = async (intercept: Interceptor, ...flags: string[]) => {
    await using plain = await startRegistry()
    await using proxy = await startReverseProxy({ to: plain.url, intercept })
    return await doctor(`${proxy.host}/gitpod`, ...flags)
  }

  it('knows that image builds need what mirroring can do without: bodies of any size', async () => {
    const capped: Interceptor = ({ request, response, forward }) => {
      if (Number(request.headers['content-length'] ?? 0) <= 1024 * 1024) return forward()
      response.writeHead(413, { connection: 'close' }).end()
    }
    const run = await behind(capped)
    expect(statuses(run)).toMatchObject({ push: 'ok', 'large-upload': 'failed', 'tag-overwrite': 'ok' })
    expect([run.exitCode, blocked(run)]).toEqual([4, ['workspace-images']])
    const mirror = await behind(capped, '--purpose', 'components', '--purpose', 'workspace-base')
    expect([mirror.exitCode, blocked(mirror)]).toEqual([0, []])
  })

  it('finds limits that are above what a mirror sends at once, where proxies often have theirs', async () => {
    const capped: Interceptor = ({ request, response, forward }) => {
      if (Number(request.headers['content-length'] ?? 0) <= 100_000_000) return forward()
      // As proxies do: what comes is read to its end, or whoever sends it would not hear the answer.
      request.resume()
      response.writeHead(413).end()
    }
    const run = await behind(capped, '--large-upload', '128')
    expect(statuses(run)).toMatchObject({ push: 'ok', 'large-upload': 'failed' })
    expect(blocked(run)).toEqual(['workspace-images'])
  })

  it('warns of a large upload that only goes through in pieces, whoever hangs up on it', async () => {
    const run = await behind(({ request, response, forward }) => {
      if (Number(request.headers['content-length'] ?? 0) <= 1024 * 1024) return forward()
      response.destroy()
    })
    expect(statuses(run)).toMatchObject({ push: 'ok', 'large-upload': 'warning' })
    expect(checkOf(run, 'large-upload').detail).toContain('broke')
  })

  it('warns of what only costs something: no mounts, fixed tags, no artifacts', async () => {
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
        // Tags that never move.
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

  it('says it to people, with what to do', async () => {
    const run = await gpreg(['doctor', '127.0.0.1:1/gitpod', '--purpose', 'components'])
    expect(run.stdout).toMatch(/^failed {2}reach +no answer from 127\.0\.0\.1:1: connection refused$/m)
    expect(run.stdout).toMatch(/hint: is a registry listening/)
    expect(run.stdout).toContain('127.0.0.1:1/gitpod cannot serve components: see reach')
    expect(run.stdout).not.toContain('workspace-images')
  })
})

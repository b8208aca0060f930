import { describe, expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import { GpregError } from '../../errors.ts'
import { digestOf } from '../../model/hash.ts'
import { MediaType } from '../../model/descriptor.ts'
import { contentFrom } from '../../store/content.ts'
import type { RegistryClient } from '../http/client.ts'
import type { ApiRequest, ApiResponse } from '../http/request.ts'
import { responseError } from '../http/failure.ts'
import { RepositoryApi } from '../repository-api.ts'
import { ChunkedUpload } from './chunked-upload.ts'
import type { UploadJournal } from './upload-journal.ts'
import { UploadResources } from './upload-resources.ts'

const MIB = 1024 * 1024
const bytes = Buffer.alloc(80 * MIB, 'gpreg')
const descriptor = { mediaType: MediaType.ociLayerGzip, digest: digestOf(bytes), size: bytes.byteLength }

async function bytesOf(
  body: NonNullable<ApiRequest['body']>,
): Promise<AsyncIterable<Uint8Array> | Uint8Array[]> {
  return typeof body === 'function' ? body() : [body]
}

type Answer = { readonly status: number; readonly headers?: Readonly<Record<string, string>> } | GpregError

/** A registry of some kind, told by its host name, that answers as a test says. @param more a journal, a clock */
function registryAt(
  host: string,
  answer: (request: ApiRequest, received: number) => Answer,
  { elapsed = () => 0, ...more }: { journal?: UploadJournal; elapsed?: () => number } = {},
) {
  const requests: string[] = []
  const bodies: Buffer[] = []
  const request = async (asked: ApiRequest): Promise<ApiResponse> => {
    const range = asked.headers?.['content-range']
    requests.push(range === undefined ? asked.method : `${asked.method} ${range}`)
    let received = 0
    if (asked.body !== undefined)
      for await (const chunk of await bytesOf(asked.body)) {
        received += chunk.byteLength
        bodies.push(Buffer.from(chunk))
      }
    const given = answer(asked, received)
    if (given instanceof GpregError) throw given
    const { status, headers = {} } = given
    const url = new URL('https://registry/v2/app/blobs/uploads/1')
    const response = { status, url, header: (name: string) => headers[name], text: '', scrub: String }
    const about = { method: asked.method, path: url.pathname, host, side: 'target' } as const
    if (!asked.expect.includes(status)) throw responseError(response, about, 0)
    return { ...response, body: { dump: async () => {} } } as unknown as ApiResponse
  }
  const client = {
    host,
    side: 'target',
    bodyLimit: Infinity,
    refusesHead: new Set(),
    stallTimeout: 1000,
    request,
  } as unknown as RegistryClient
  const context = createContext({ sleep: async () => {}, elapsed })
  const upload = new ChunkedUpload({
    api: new RepositoryApi(client, 'app', 'write'),
    descriptor,
    content: contentFrom(bytes),
    signal: context.signal,
    context,
    resources: new UploadResources(),
    ...more,
  })
  const send = (offset?: number) =>
    upload.send({ location: new URL('https://registry/v2/app/blobs/uploads/1'), minimumChunk: 0 }, offset)
  return { requests, send, received: () => digestOf(Buffer.concat(bodies)) }
}

const about = { host: 'registry.internal', side: 'target' } as const
const cut = (host: string) => new GpregError('unreachable', 'cut', { host, side: 'target' })
const started = { status: 202, headers: { location: '/v2/app/blobs/uploads/2' } }

describe('an upload that outlives its process', () => {
  const journal: UploadJournal = {
    find: async () => undefined,
    note: async () => {},
    forget: async () => {},
  }
  const host = 'registry'
  const patch = (from: number, to: number) => `PATCH ${from * MIB}-${to * MIB - 1}`
  const patches = (from: number) =>
    Array.from({ length: (80 - from) / 4 }, (_, index) => patch(from + index * 4, from + (index + 1) * 4))

  it('is sent in chunks on a slow line, byte for byte', async () => {
    let clock = 0
    const slow = registryAt(host, () => ({ status: (clock += 1000) && 201 }), {
      journal,
      elapsed: () => clock,
    })
    await slow.send(0)
    expect(slow.requests).toEqual([...patches(0), 'PUT'])
    expect(slow.received()).toBe(descriptor.digest)
  })

  it('is sent as one stream on a fast line, and in chunks again after a break', async () => {
    let clock = 0
    let broken = false
    const fast = registryAt(
      host,
      ({ method }, received) => {
        clock += 240
        if (method === 'GET') return { status: 204, headers: { range: `0-${12 * MIB - 1}` } }
        if (received <= 4 * MIB || broken) return { status: 201 }
        broken = true
        clock += 60_000
        return cut(host)
      },
      { journal, elapsed: () => clock },
    )
    await fast.send(0)
    expect(fast.requests).toEqual([
      patch(0, 4),
      patch(4, 8),
      patch(8, 12),
      patch(12, 80),
      'GET',
      ...patches(12),
      'PUT',
    ])
  })
})

describe('the journal', () => {
  /** Whether an upload is still in the journal after its closing PUT was answered so. */
  async function keepsAfter(answer: Answer): Promise<boolean> {
    let isKept = true
    const journal: UploadJournal = {
      find: async () => undefined,
      note: async () => {},
      forget: async () => void (isKept = false),
    }
    const { send } = registryAt(
      about.host,
      ({ method }) => {
        if (method === 'PUT') return answer
        return { status: 204, headers: { range: `0-${80 * MIB - 1}` } }
      },
      { journal },
    )
    await expect(send()).rejects.toThrow()
    return isKept
  }

  it('forgets an upload that the registry refuses to close', async () => {
    expect(await keepsAfter(new GpregError('digest-mismatch', 'wrong', about))).toBe(false)
    expect(await keepsAfter({ status: 400 })).toBe(false)
    expect(await keepsAfter({ status: 404 })).toBe(false)
  })

  it('keeps an upload that a later run may close: after a new login, or when the registry is up again', async () => {
    expect(await keepsAfter({ status: 401 })).toBe(true)
    expect(await keepsAfter({ status: 503 })).toBe(true)
    expect(await keepsAfter(cut(about.host))).toBe(true)
  })
})

describe('a registry that', () => {
  it('answers a Range that does not move is not believed', async () => {
    const { requests, send } = registryAt('123456789012.dkr.ecr.eu-west-1.amazonaws.com', ({ method }) => {
      if (method === 'HEAD') return { status: 404 }
      if (method === 'POST') return started
      return { status: 201, headers: { range: '0-0' } }
    })
    await send()
    expect(requests).toEqual([
      'HEAD',
      'POST',
      `PATCH 0-${32 * MIB - 1}`,
      `PATCH ${32 * MIB}-${64 * MIB - 1}`,
      `PATCH ${64 * MIB}-${80 * MIB - 1}`,
      'PUT',
    ])
  })

  it('cannot resume gets the blob from the start', async () => {
    const host = 'team.azurecr.io'
    let broken = false
    const { requests, send } = registryAt(host, ({ method, headers }) => {
      if (method === 'HEAD') return { status: 404 }
      if (method === 'POST') return started
      if (!broken && headers?.['content-range']?.startsWith(String(32 * MIB))) {
        broken = true
        return cut(host)
      }
      return { status: method === 'PUT' ? 201 : 202 }
    })
    await send()
    expect(requests.filter(line => line.startsWith('PATCH 0-'))).toHaveLength(2)
    expect(requests).not.toContain('GET')
  })

  it.each([400, 403, 404, 405, 409, 410, 416, 500, 501])(
    'answers %i to the question for an upload gets the blob from the start',
    async status => {
      const { requests, send, received } = registryAt('registry.internal', ({ method }) => {
        if (method === 'HEAD') return { status: 404 }
        if (method === 'POST') return started
        return { status: method === 'GET' ? status : 201 }
      })
      await send()
      expect(requests.filter(line => line !== 'GET').slice(0, 3)).toEqual([
        'HEAD',
        'POST',
        `PATCH 0-${32 * MIB - 1}`,
      ])
      expect(received()).toBe(descriptor.digest)
    },
  )

  it('tells of more bytes than the blob has gets it from the start', async () => {
    const { requests, send, received } = registryAt('registry.internal', ({ method }) => {
      if (method === 'HEAD') return { status: 404 }
      if (method === 'POST') return started
      return method === 'GET' ? { status: 204, headers: { range: `0-${80 * MIB}` } } : { status: 201 }
    })
    await send()
    expect(requests.slice(0, 3)).toEqual(['GET', 'HEAD', 'POST'])
    expect(received()).toBe(descriptor.digest)
  })

  it('took fewer bytes than were sent gets the rest', async () => {
    let short = true
    const { requests, send } = registryAt('registry.internal', ({ method, headers }) => {
      if (method === 'GET') return { status: 204, headers: { range: '0-0' } }
      if (method === 'PUT') return { status: 201 }
      const range = headers?.['content-range'] ?? ''
      const end = short ? 10 * MIB - 1 : Number(range.split('-')[1])
      short = false
      return { status: 202, headers: { range: `0-${end}` } }
    })
    await send()
    expect(requests.slice(1, 3)).toEqual([`PATCH 0-${32 * MIB - 1}`, `PATCH ${10 * MIB}-${42 * MIB - 1}`])
  })

  it('hangs up on large chunks gets smaller ones', async () => {
    const host = 'registry.internal'
    let end = 0
    const { requests, send } = registryAt(host, ({ method }, received) => {
      if (method === 'GET') return { status: 204, headers: { range: `0-${Math.max(0, end - 1)}` } }
      if (method === 'PUT') return { status: 201 }
      if (received > 5 * MIB) return cut(host)
      end += received
      return { status: 202, headers: { range: `0-${end - 1}` } }
    })
    await send()
    expect(requests.filter(line => line.startsWith('PATCH')).length).toBeLessThan(30)
    expect(end).toBe(descriptor.size)
  })

  it('stored the blob does not get it again after its response was lost', async () => {
    const host = 'registry.internal'
    let patched = 0
    const { requests, send } = registryAt(host, ({ method }, received) => {
      patched += received
      if (method === 'HEAD') return { status: 200 }
      if (method === 'GET')
        return patched === 0 ? { status: 204, headers: { range: '0-0' } } : { status: 404 }
      return method === 'PUT' ? cut(host) : { status: 202 }
    })
    await send()
    expect(patched).toBe(descriptor.size)
    expect(requests.at(-1)).toBe('HEAD')
  })

  it.each([0, 10 * MIB])('takes no byte of any chunk after byte %i is given up in the end', async first => {
    const { send, requests } = registryAt(about.host, ({ method }) => {
      if (method === 'GET') return { status: 204, headers: { range: `0-${first}` } }
      return { status: method === 'PUT' ? 201 : 202, headers: { range: `0-${10 * MIB - 1}` } }
    })
    await expect(send()).rejects.toMatchObject({ code: 'upload-lost', retryable: false })
    expect(requests.length).toBeLessThan(60)
  })

  it('takes only larger chunks than a proxy before it is given up', async () => {
    const { send, requests } = registryAt(about.host, ({ method }, received) => {
      if (method === 'HEAD') return { status: 404 }
      if (method === 'POST')
        return { ...started, headers: { ...started.headers, 'oci-chunk-min-length': String(5 * MIB) } }
      if (method === 'GET') return { status: 404 }
      return { status: received > MIB ? 413 : 202 }
    })
    await expect(send()).rejects.toMatchObject({ code: 'protocol', subject: { status: 413 } })
    expect(requests.filter(line => line.startsWith('PATCH')).at(-1)).toBe(`PATCH 0-${5 * MIB - 1}`)
  })

  it('drops its bytes every time is given up in the end', async () => {
    const host = 'registry.internal'
    const { send, requests } = registryAt(host, ({ method, headers }) => {
      if (method === 'HEAD' || method === 'GET') return { status: 404 }
      if (method === 'POST') return started
      return headers?.['content-range']?.startsWith('0-') ? { status: 202 } : cut(host)
    })
    await expect(send()).rejects.toMatchObject({ code: 'unreachable', retryable: false })
    expect(requests.length).toBeLessThan(60)
  })
})

import { createHash } from 'node:crypto'
import type { Fault } from '../support/fault-proxy.ts'
import type { Exchange } from '../support/reverse-proxy.ts'

/** Part of all requests that a fault hits. */
const SHARE = 0.04
/** Part of all requests that fail many times in a row, so that one run of the command is not enough. */
const STUBBORN = 0.002
const STUBBORN_TIMES = 8

/** A fault for a draw, a number from 0 up to 1. */
type Draw = (draw: number) => Fault

const status =
  (code: number, retryAfter?: string): Draw =>
  () => ({ kind: 'status', status: code, ...(retryAfter ? { headers: { 'retry-after': retryAfter } } : {}) })
const bytes = (draw: number) => Math.floor(draw * 60_000)
const sign = (draw: number) => (draw < 0.5 ? -1 : 1) * (1 + Math.floor(draw * 40))

const REFUSALS = [status(429, '0'), status(429, '1'), status(500), status(502), status(503), status(504)]
const RESETS: readonly Draw[] = [
  () => ({ kind: 'reset', when: 'lost' }),
  () => ({ kind: 'reset', when: 'unanswered' }),
]
const SILENCE: Draw = () => ({ kind: 'silence' })

/** The faults of answers with a body. The lengths that lie are either consistent with the bytes sent or not. */
const DOWNLOADS: readonly Draw[] = [
  ...REFUSALS,
  ...RESETS,
  SILENCE,
  draw => ({ kind: 'stall', after: bytes(draw) }),
  draw => ({ kind: 'cut', after: bytes(draw) }),
  draw => ({ kind: 'cut', after: bytes(draw), clean: true }),
  draw => ({ kind: 'corrupt', at: Math.floor(draw * 100) }),
  draw => ({ kind: 'length', by: sign(draw) }),
  draw => ({ kind: 'lie', by: sign(draw) }),
  draw => ({ kind: 'lie', by: -sign(draw) }),
]
const HEADS: readonly Draw[] = [...REFUSALS, ...RESETS, SILENCE, draw => ({ kind: 'length', by: sign(draw) })]
const UPLOADS: readonly Draw[] = [
  ...REFUSALS,
  ...RESETS,
  SILENCE,
  draw => ({ kind: 'stall-request', after: bytes(draw) }),
  draw => ({ kind: 'cut-request', after: bytes(draw) }),
]

/**
 * Chooses faults by a seed. A choice depends on the request and on how often it was sent, not on the order of different
 * requests, because the order changes from run to run.
 */
export class SeededFaults {
  readonly #seed: string
  readonly #seen = new Map<string, number>()
  readonly #dealt = new Map<Fault['kind'], number>()

  constructor(seed: string) {
    this.#seed = seed
  }

  /** @param length Content-Length of the request */
  choose(exchange: Exchange, length: number): Fault | undefined {
    const request = identityOf(exchange)
    const nth = this.#seen.get(request) ?? 0
    this.#seen.set(request, nth + 1)
    const stubborn = nth < STUBBORN_TIMES && this.#draw(request)[0] < STUBBORN
    const [hit, kind, detail] = this.#draw(`${request} ${nth}`)
    if (!stubborn && hit >= SHARE) return undefined
    const draws = drawsFor(exchange, length)
    const fault = (draws[Math.floor(kind * draws.length)] ?? SILENCE)(detail)
    this.#dealt.set(fault.kind, (this.#dealt.get(fault.kind) ?? 0) + 1)
    return fault
  }

  /** Number of faults of each kind. */
  get dealt(): ReadonlyMap<Fault['kind'], number> {
    return this.#dealt
  }

  /** Three numbers from 0 up to 1 that depend on the seed and on the text. */
  #draw(text: string): [number, number, number] {
    const hash = createHash('sha256').update(`${this.#seed} ${text}`).digest()
    const at = (offset: number) => hash.readUInt32BE(offset) / 2 ** 32
    return [at(0), at(4), at(8)]
  }
}

function drawsFor({ method, kind }: Exchange, length: number): readonly Draw[] {
  if (method === 'HEAD') return HEADS
  if (method === 'GET')
    return kind === 'blob' || kind === 'manifest' ? DOWNLOADS : [...REFUSALS, ...RESETS, SILENCE]
  return length > 1 ? UPLOADS : [...REFUSALS, ...RESETS, SILENCE]
}

/** Names a request without the number of its upload session, which the registry draws at random. */
function identityOf({ method, path, query }: Exchange): string {
  return `${method} ${path.replace(/\/uploads\/.+/, '/uploads/ID')} ${query.get('digest') ?? query.get('mount') ?? ''}`
}

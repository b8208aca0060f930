import type { Context } from '../context.ts'
import { GpregError, toGpregError } from '../errors.ts'
import { renewOnce } from '../once.ts'
import { RateLimit } from '../rate-limit.ts'
import type { Descriptor } from '../model/descriptor.ts'
import { patienceFor, withRetry, type RetryPolicy } from '../retry.ts'
import { isMounter, isReadAhead, isReplacer, isUnlessStoredPusher } from '../store/capabilities.ts'
import type { Fetcher, ReadableRepository, Repository } from '../store/content.ts'
import { contentOf } from '../store/stored-content.ts'
import { countedContent } from '../store/counted-content.ts'
import type { Place } from '../store/artifact.ts'
import type { EngineOptions } from './survey/item.ts'
import { homeOf, isAtTarget, type BlobDestination, type BlobPlan } from './presence.ts'
import type { OtherShards } from './shard/other-shards.ts'
import { Mender } from './repair/mend.ts'
import { Lanes } from './lanes.ts'
import { NO_TURN, type Turn } from './slots.ts'

/** Tries for a whole blob after a broken upload or a wrong digest. The download has tries of its own. */
const WHOLE_BLOB: RetryPolicy = { attempts: 4, base: 500, cap: 10_000, longestWait: Infinity }

/** After this many failed blobs in a row, each remaining blob gets one try: the host is down or full. */
const MAX_DEFEATS = 3

export interface TransferTotals {
  /** digests */
  sent: number
  /** (repository, digest) pairs */
  mounted: number
  present: number
  bytes: { sent: number; mounted: number; present: number }
  /** bytes that were sent in place of shards that had stalled */
  takenOver: number
}

/** Sends blobs to the repositories that need them. Each blob is transferred once; the other repositories mount it. */
export class Transfer {
  readonly totals: TransferTotals = {
    sent: 0,
    mounted: 0,
    present: 0,
    bytes: { sent: 0, mounted: 0, present: 0 },
    takenOver: 0,
  }
  readonly #mender: Mender
  readonly #deep: boolean
  readonly #context: Context
  readonly #lanes: Lanes
  readonly #rate: RateLimit | undefined
  readonly #others: OtherShards<BlobPlan> | undefined
  readonly #arrivals = new Map<BlobDestination, Promise<void>>()
  readonly #resent = new Map<string, Promise<void>>()
  #defeats = 0
  /** The error of a target's disk that cannot be written: no other blob can be, either. */
  #diskFull: GpregError | undefined

  /** @param others processes that send the other blobs of the set */
  constructor(
    { concurrency, limitRate, deep = false }: EngineOptions,
    context: Context,
    others: OtherShards<BlobPlan> | undefined,
  ) {
    this.#mender = new Mender({ signal: context.signal })
    this.#deep = deep
    this.#lanes = new Lanes(concurrency, context.signal)
    this.#rate = limitRate === undefined ? undefined : new RateLimit(limitRate, context)
    this.#others = others
    this.#context = context
  }

  /** Checks what was delivered; undefined without `deep`. */
  get mender(): Mender | undefined {
    return this.#deep ? this.#mender : undefined
  }

  /** Starts all transfers in the order of the plan. @param onStart is called when the transfer of a blob begins */
  start(blobs: readonly BlobPlan[], onStart: (blob: BlobPlan) => void): void {
    for (const blob of blobs) {
      if (isAtTarget(blob)) this.#spread(blob)
      else this.#sendFirst(blob, onStart)
    }
  }

  /** Resolves when the blob is in the repository. */
  async arrival(place: BlobDestination): Promise<void> {
    await this.#arrivals.get(place)
  }

  /** Resolves when all transfers have ended, failed ones included. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#arrivals.values())
  }

  /** Sends a blob although the target claimed to have it; once, however many images miss it. */
  async resend(place: BlobDestination): Promise<void> {
    const { blob, repository } = place
    const { descriptor, sources, store } = blob
    const [source] = sources
    if (source === undefined) throw withoutSource(blob)
    const ends = { source: source.repository, target: repository, isFirst: true }
    const again = { ...place, unchecked: false }
    await renewOnce(this.#resent, `${store}/${repository.name}@${descriptor.digest}`, () =>
      this.#lanes.move(descriptor, ends, turn => this.#send(again, sources, turn)),
    )
  }

  /** Keeps a promise for later. Its failure is no unhandled rejection while nothing awaits it. */
  #expect(place: BlobDestination, arrival: Promise<void>): void {
    arrival.catch(() => {})
    this.#arrivals.set(place, arrival)
  }

  #sendFirst(blob: BlobPlan, onStart: (blob: BlobPlan) => void): void {
    const home = homeOf(blob)
    const [source] = blob.sources
    if (source === undefined) return
    const ends = { source: source.repository, target: home.repository }
    const send = () =>
      this.#lanes.move(blob.descriptor, ends, async turn => {
        onStart(blob)
        const isMounted = home.isWrong !== true && (await this.#mountFromSource(blob, home.repository))
        await this.#deliver(home, blob.sources, isMounted, turn)
      })
    const sent = this.#others?.has(blob) ? this.#awaitOther(blob, this.#others, send) : send()
    this.#expect(home, sent)
    for (const place of blob.places) {
      if (place === home) continue
      const filled = sent.then(() => this.#fill(place, home.repository))
      this.#expect(place, filled)
    }
  }

  /** Waits until another shard has sent a blob. If that shard has stalled, the blob is sent from here. */
  async #awaitOther(blob: BlobPlan, others: OtherShards<BlobPlan>, send: () => Promise<void>): Promise<void> {
    if (await others.arrival(blob)) return this.#countPresent(blob.descriptor)
    const { digest, size } = blob.descriptor
    this.#context.emit({ type: 'blob.taken-over', digest, size })
    await send()
  }

  /** Copies a blob from the repository that has it to the others. */
  #spread(blob: BlobPlan): void {
    const holder = blob.places.find(({ present }) => present)?.repository
    if (holder === undefined) return
    // Other shards look for the blobs of this share in their homes.
    const isAwaited = blob.home !== undefined && !this.#others?.has(blob)
    for (const place of isAwaited ? [blob.home, ...blob.places] : blob.places) {
      if (place.present) this.#countPresent(blob.descriptor)
      else this.#expect(place, this.#fill(place, holder))
    }
  }

  /** Mounts a blob. If the registry refuses, the blob is sent, preferably from the repository beside it. */
  async #fill(place: BlobDestination, holder: Repository): Promise<void> {
    const { blob, repository, isWrong = false } = place
    const { descriptor } = blob
    const isMounted =
      !isWrong &&
      (await this.#lanes.mount(repository, () => this.#mount(descriptor, repository, holder.name)))
    if (isMounted && !this.#isReadBack(blob)) return
    const sources = [{ store: blob.store, repository: holder }, ...blob.sources]
    // Images wait for it that may need no other blob.
    const ends = { source: holder, target: repository, isFirst: true }
    await this.#lanes.move(descriptor, ends, turn => this.#deliver(place, sources, isMounted, turn))
  }

  /**
   * Sends a blob unless it was mounted; wrong bytes are replaced. With `deep` it is read back, because a registry may keep wrong bytes;
   * so is one that a repository has wrong bytes of, because others may share them.
   */
  async #deliver(
    place: BlobDestination,
    sources: readonly Place<ReadableRepository>[],
    isMounted: boolean,
    turn: Turn,
  ): Promise<void> {
    const { blob, repository, isWrong = false } = place
    const isReadBack = this.#isReadBack(blob)
    const send = () => this.#send(place, sources, isReadBack ? NO_TURN : turn)
    if (!isWrong && !isMounted) await send()
    if (!isReadBack) return
    // The first place was read a moment ago; the others may share what was mended there.
    const isKnownWrong = isWrong && place === blob.places[0]
    await this.#mender.mend({ store: blob.store, repository }, blob.descriptor, isKnownWrong, send)
  }

  #isReadBack({ isWrong = false }: BlobPlan): boolean {
    return this.#deep || isWrong
  }

  /** Mounts a blob from the source, if that is in the same store. */
  async #mountFromSource({ descriptor, sources, store }: BlobPlan, repository: Repository): Promise<boolean> {
    const neighbour = sources.find(source => source.store === store)
    return neighbour !== undefined && this.#mount(descriptor, repository, neighbour.repository.name)
  }

  async #mount(descriptor: Descriptor, repository: Repository, from: string): Promise<boolean> {
    if (!isMounter(repository)) return false
    const mounted = await repository.mount(descriptor, from, { signal: this.#context.signal })
    if (!mounted) return false
    this.totals.mounted++
    this.totals.bytes.mounted += descriptor.size
    this.#context.emit({ type: 'blob.mounted', digest: descriptor.digest, repository: repository.name })
    return true
  }

  /** Sends a blob from the first source that has it. A repository of the target is a short cut: whatever fails there, the source is read. */
  async #send(
    place: BlobDestination,
    sources: readonly Place<ReadableRepository>[],
    turn: Turn,
  ): Promise<void> {
    const { descriptor } = place.blob
    if (this.#diskFull !== undefined) throw this.#diskFull
    let failure: GpregError | undefined
    for (const { store, repository } of sources) {
      try {
        await this.#sendFrom(repository, place, turn)
        this.#defeats = 0
        return
      } catch (thrown) {
        failure = toGpregError(thrown).about({ digest: descriptor.digest })
        const isShortCut = store === place.blob.store && failure.code !== 'aborted'
        if (failure.subject.side !== 'source' || !(failure.code === 'not-found' || isShortCut)) break
      }
    }
    const error = failure ?? withoutSource(place.blob)
    if (error.code === 'storage' && error.subject.side !== 'source') this.#diskFull ??= error
    if (error.code !== 'aborted') {
      this.#defeats++
      this.#context.emit({ type: 'blob.failed', digest: descriptor.digest, error })
    }
    throw error
  }

  async #sendFrom(source: ReadableRepository, place: BlobDestination, turn: Turn): Promise<void> {
    const { blob, repository: target, unchecked, isWrong } = place
    const { descriptor } = blob
    const { digest, size } = descriptor
    const meter = this.#lanes.meter(descriptor, { source, target })
    const wasRead = await withRetry(
      this.#context,
      `blob ${digest}`,
      error => ({
        ...WHOLE_BLOB,
        attempts:
          this.#defeats >= MAX_DEFEATS ? 1 : Math.min(WHOLE_BLOB.attempts, patienceFor(error).attempts),
      }),
      async () => {
        await turn.enter()
        const content = contentOf(this.#reader(source), descriptor)
        const counted = countedContent(digest, content, this.#context.emit, {
          onOpen: () => turn.move(),
          onChunk: async (bytes, end, { signal }) => {
            await this.#rate?.take(bytes, signal)
            meter(bytes)
            this.totals.bytes.sent += bytes
            if (end === size) turn.finish()
          },
        })
        const call = { signal: this.#context.signal }
        try {
          if (isWrong && isReplacer(target)) await target.replace(descriptor, counted.content, call)
          else if (unchecked && isUnlessStoredPusher(target))
            await target.pushUnlessStored(descriptor, counted.content, call)
          else await target.push(descriptor, counted.content, call)
          // An empty blob is sent without being read.
          return size === 0 || counted.wasRead()
        } catch (error) {
          this.#context.emit({ type: 'blob.progress', digest, bytes: -counted.sent() })
          throw error
        }
      },
    )
    if (wasRead) {
      this.totals.sent++
      if (place === homeOf(blob) && this.#others?.has(blob)) this.totals.takenOver += size
      this.#context.emit({ type: 'blob.sent', digest, size })
    } else {
      this.#countPresent(descriptor)
      this.#context.emit({ type: 'blob.present', digest, size })
    }
  }

  /** With a rate limit nothing is fetched ahead of the stream that is limited. */
  #reader(source: ReadableRepository): Fetcher {
    return this.#rate !== undefined && isReadAhead(source) ? source.withoutReadAhead() : source
  }

  #countPresent({ size }: Descriptor): void {
    this.totals.present++
    this.totals.bytes.present += size
  }
}

function withoutSource({ descriptor }: BlobPlan): GpregError {
  return new GpregError('bug', `${descriptor.digest} has no source`)
}

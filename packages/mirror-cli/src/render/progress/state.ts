import type { GpregEvent } from '@gpreg/core'

/** All that a progress display shows, gathered from events. */
export interface ProgressState {
  looking: { done: number; total: number }
  images: { total: number; copied: number; upToDate: number; failed: number; verified: number }
  bytes: { total: number; sent: number }
  /** Bytes that are read and hashed; the total is 0 if it is not known. */
  read: { total: number; done: number }
  /** The images that are being copied, with the number of bytes that each needs. */
  readonly activeImages: Map<string, number>
  /** The blobs that are being sent, by digest. */
  readonly activeBlobs: Map<string, ActiveBlob>
  /** The current change or check of a command that copies no images. */
  step: string | undefined
  retries: number
  planned: boolean
  /** The number of bytes sent and read at moments of the last seconds, oldest first. The rate is computed from them. */
  readonly samples: { readonly at: number; readonly moved: number }[]
}

export interface ActiveBlob {
  readonly size: number
  /** one of the images that wait for the blob */
  readonly image: string
  sent: number
}

const RATE_WINDOW_MS = 10_000

export function createProgressState(): ProgressState {
  return {
    looking: { done: 0, total: 0 },
    images: { total: 0, copied: 0, upToDate: 0, failed: 0, verified: 0 },
    bytes: { total: 0, sent: 0 },
    read: { total: 0, done: 0 },
    activeImages: new Map(),
    activeBlobs: new Map(),
    step: undefined,
    retries: 0,
    planned: false,
    samples: [],
  }
}

/** Adds one event to the state. The state is changed in place, because thousands of `blob.progress` come each second. */
export function record(state: ProgressState, event: GpregEvent): void {
  recordImage(state, event)
  recordBlob(state, event)
  recordRead(state, event)
  recordStep(state, event)
}

function recordImage(state: ProgressState, event: GpregEvent): void {
  switch (event.type) {
    case 'plan.started':
      state.looking = { done: 0, total: event.images }
      state.images.total = event.images
      break
    case 'plan.image':
      state.looking.done += 1
      break
    case 'plan.done':
      state.planned = true
      state.images.total = Math.max(event.images, state.images.total)
      state.bytes.total = event.bytes
      break
    case 'image.started':
      state.activeImages.set(event.image, event.bytes)
      break
    case 'image.copied':
      state.activeImages.delete(event.image)
      state.images.copied += 1
      break
    case 'image.up-to-date':
      state.images.upToDate += 1
      break
    case 'image.failed':
      state.activeImages.delete(event.image)
      state.images.failed += 1
      break
    case 'image.verified':
      state.images.verified += 1
      break
  }
}

function recordBlob(state: ProgressState, event: GpregEvent): void {
  switch (event.type) {
    case 'blob.started':
      state.activeBlobs.set(event.digest, { size: event.size, image: event.image, sent: 0 })
      break
    case 'blob.progress': {
      const blob = state.activeBlobs.get(event.digest)
      if (blob !== undefined) blob.sent += event.bytes
      state.bytes.sent += event.bytes
      break
    }
    case 'blob.taken-over':
      state.bytes.total += event.size
      break
    case 'blob.present':
      state.activeBlobs.delete(event.digest)
      state.bytes.total -= event.size
      break
    case 'blob.mounted': {
      // Mounted from the source in place of being sent; the mounts of a blob that was sent come after it.
      const blob = state.activeBlobs.get(event.digest)
      if (blob !== undefined) state.bytes.total -= blob.size
      state.activeBlobs.delete(event.digest)
      break
    }
    case 'blob.sent':
    case 'blob.failed':
      state.activeBlobs.delete(event.digest)
      break
  }
}

function recordRead(state: ProgressState, event: GpregEvent): void {
  switch (event.type) {
    case 'read.started':
      state.read = { total: event.bytes ?? 0, done: 0 }
      state.samples.length = 0
      break
    case 'read.progress':
      state.read.done += event.bytes
      break
    case 'plan.done':
      // An older bundle was read; what is sent from now on is something else.
      if (state.read.done === 0) break
      state.read = { total: 0, done: 0 }
      state.samples.length = 0
      break
  }
}

function recordStep(state: ProgressState, event: GpregEvent): void {
  switch (event.type) {
    case 'change.started':
      state.step = `${event.action} ${event.resource}`
      break
    case 'change.waiting':
      state.step = `${event.resource}: ${event.state}`
      break
    case 'check.started':
      state.step = `try ${event.name}`
      break
    case 'change.done':
      state.step = undefined
      break
    case 'retry':
      state.retries += 1
      break
  }
}

/** Stores the number of bytes sent and read so far, for the rate. To be called regularly. */
export function sample(state: ProgressState, now: number): void {
  state.samples.push({ at: now, moved: movedBytes(state) })
  while (state.samples.length > 2 && now - state.samples[0]!.at > RATE_WINDOW_MS) state.samples.shift()
}

/** Bytes a second over the last seconds; undefined in the first 500 ms. */
export function rateOf(state: ProgressState, now: number): number | undefined {
  const first = state.samples[0]
  if (first === undefined || now - first.at < 500) return undefined
  return (Math.max(movedBytes(state) - first.moved, 0) / (now - first.at)) * 1000
}

function movedBytes({ bytes, read }: ProgressState): number {
  return bytes.sent + read.done
}

/** How much of a size was sent: 0 to 1. An upload that starts over may have sent less than nothing for a moment. */
export function ratioOf(sent: number, size: number): number {
  return size <= 0 ? 1 : Math.min(Math.max(sent / size, 0), 1)
}

export function finishedImages({ images }: ProgressState): number {
  return images.copied + images.upToDate + images.failed + images.verified
}

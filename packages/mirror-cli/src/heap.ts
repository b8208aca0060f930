import { setFlagsFromString } from 'node:v8'
import type { Context } from '@gpreg/core'

/** V8 lets the old generation grow to four times what is live in it; so many per cent are enough for a plan. */
const GROWTH_OF_PLANS = 40
const DEFAULT_GROWTH = 0

/** The first V8 that {@link countBuffersWithHeap} was tried with; one that does not know a flag says so to the user. */
const COUNTS_BUFFERS = 14

/**
 * Collects garbage as a run needs it. Planning ten thousand images leaves much behind that is soon of no use, and takes half the
 * memory where it is collected earlier; copying would spend a third more of its time on that, and has little in the old generation.
 */
export function tendHeap(emit: Context['emit']): Context['emit'] {
  return event => {
    if (event.type === 'plan.started') growBy(GROWTH_OF_PLANS)
    if (event.type === 'plan.done') {
      growBy(DEFAULT_GROWTH)
      countBuffersWithHeap()
    }
    emit(event)
  }
}

/** A flag that V8 looks at whenever it has collected; the other ways to set it hold for the whole process. */
function growBy(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`)
}

/**
 * What buffers hold has a limit of its own, a little above what was left at the last collection: where chunks of blobs, which are
 * let go of anyway, come near it, the whole heap is collected every 60 ms, for a quarter of the CPU time of a copy.
 */
function countBuffersWithHeap(): void {
  if (Number(process.versions.v8.split('.')[0]) >= COUNTS_BUFFERS)
    setFlagsFromString('--external-memory-accounted-in-global-limit')
}

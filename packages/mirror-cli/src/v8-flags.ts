import type { Context } from '@gpreg/core'
import { keepCompiledCode } from './start/loader.ts'

/**
 * Growth of the old generation until the next collection, in percent: while images are read, while the blobs of a large set are looked
 * up, and while blobs are sent. (V8 by default lets it grow to four times the live data.)
 */
const GROWTH = { read: 30, look: 8, send: 100 } as const

/** A set of so many images is large: its plan leaves more garbage than V8 collects in time with few threads. */
const MANY_IMAGES = 1_000

/** This command hashes in a thread of its own. With few threads of V8 it takes a third more memory, and no less time. */
const HASHES_IN_THREAD = 'bundle:save'

/** The newest V8 that was tried. A V8 that does not know a flag prints a message to the user. */
const NEWEST_TRIED = 14
/** The first V8 version that {@link countBuffersWithHeap} was tried with. */
const COUNTS_BUFFERS = 14
/** The first V8 version with a mode that {@link saveMemory} sets. */
const SAVES_MEMORY = 13

/**
 * Sets flags of V8 for the phases of a copy. V8 reads them while it runs; the flags that it reads at its start are in the first line of
 * `bin/run.js`. Nothing is set before the plan, because V8 refuses compiled code that was kept under other flags, and that of Node's own
 * modules, too. So the code of this command is kept before.
 * @param command as oclif names it, e.g. `bundle:save`
 */
export function tuneV8(emit: Context['emit'], command?: string): Context['emit'] {
  let isLarge = false
  let unread = 0
  let isSending = false
  return event => {
    if (event.type === 'plan.started') {
      isLarge = event.images >= MANY_IMAGES
      unread = event.images
      isSending = false
      keepCompiledCode()
      keepFirstWebAssembly()
      collectAtOnce(!isLarge)
      growBy(GROWTH.read)
      optimiseLess(!isLarge && command !== HASHES_IN_THREAD)
      saveMemory(false)
    }
    if (event.type === 'plan.image' && --unread === 0 && isLarge) {
      saveMemory(true)
      growBy(GROWTH.look)
    }
    if (event.type === 'blob.started' && !isSending) {
      isSending = true
      saveMemory(false)
      growBy(GROWTH.send)
      countBuffersWithHeap()
    }
    emit(event)
  }
}

/**
 * Keeps V8 from compiling WebAssembly a second time, with its optimising compiler. The parser of HTTP is WebAssembly: after a hundred
 * answers V8 takes 60 ms of CPU time and 20 MB of memory for it, and parses no faster then.
 * The flags must be set before the first request.
 */
function keepFirstWebAssembly(): void {
  setFlag('--no-wasm-tier-up')
  setFlag('--no-wasm-dynamic-tiering')
}

/**
 * Makes V8 collect garbage earlier, most of all while images are planned. Planning ten thousand images leaves much useless data, and
 * takes half the memory if this data is collected earlier. A copy has little data in the old generation; collected as early, it would
 * take a third more of its time, and without a limit it would grow with the bytes that are copied. The other ways to set the growth
 * hold for the whole process.
 */
function growBy(percent: number): void {
  setFlag(`--heap-growing-percent=${percent}`)
}

/**
 * Makes V8 mark the heap in one go. By default it does so in hundreds of steps, so that no pause is long, and until the last one all code
 * also notes what it writes: 3 % of the CPU time of a copy. Nobody waits for a pause of 20 ms here. The heap of a large set is marked in
 * steps, because some plans took 40 MB more without.
 */
function collectAtOnce(wanted: boolean): void {
  setFlag(wanted ? '--no-incremental-marking' : '--incremental-marking')
}

/**
 * Makes V8 optimise less: later, with the first of its two optimising compilers alone, and in fewer threads, as it collects then, too. A
 * copy of a release takes seconds, and V8 spends 3 to 7 % of the CPU time on functions that are then called too seldom. The second
 * compiler, TurboFan, begins after some seconds and takes 4 MB, so a copy of more bytes would take more memory. It makes no copy faster,
 * because little of the work is JavaScript. The plan of a large set is JavaScript, and leaves less garbage with TurboFan.
 */
function optimiseLess(wanted: boolean): void {
  setFlag(wanted ? '--efficiency-mode' : '--no-efficiency-mode')
  setFlag(wanted ? '--no-turbofan' : '--turbofan')
}

/**
 * Makes V8 count buffers as part of the heap. By default, V8 has a separate limit for buffers, a little above their size after
 * the last collection. A copy reaches this limit with chunks of blobs, although they are released soon anyway: then V8 collects
 * the whole heap every 60 ms, which takes a quarter of the CPU time of a copy.
 */
function countBuffersWithHeap(): void {
  setFlag('--external-memory-accounted-in-global-limit', COUNTS_BUFFERS)
}

/**
 * Makes V8 give memory back in each collection. Wanted from the moment when a large set has been read: then its blobs are looked up and
 * its plan is printed, which is when a dry run takes most memory.
 */
function saveMemory(wanted: boolean): void {
  setFlag(wanted ? '--memory-saver-mode' : '--no-memory-saver-mode', SAVES_MEMORY)
}

/** @param since the first V8 that knows the flag; all that gpreg runs on know the others */
function setFlag(flag: string, since = 0): void {
  const version = Number(process.versions.v8.split('.')[0])
  // Not imported, because Node takes 2 ms to load this module, and most commands set no flag.
  if (version >= since && version <= NEWEST_TRIED)
    process.getBuiltinModule('node:v8').setFlagsFromString(flag)
}

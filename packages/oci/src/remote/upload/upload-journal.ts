import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeDirectory } from '../../machine/directory.ts'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { isDigest, type Digest } from '../../model/digest.ts'
import { SECRET_MODE, writeOutputFile } from '../../machine/output-file.ts'
import { warnNotKept } from '../../machine/state-directory.ts'

/** Milliseconds after which an entry is ignored, because registries drop uploads that nobody continues. */
const EXPIRES = 6 * 60 * 60_000

/** Identifies an upload. */
export interface UploadKey {
  /** `host[:port]` of the target */
  readonly host: string
  readonly repository: string
  readonly digest: Digest
}

const ENTRY = z.object({
  version: z.literal(1),
  host: z.string(),
  repository: z.string(),
  digest: z.string().refine(isDigest),
  location: z.url({ protocol: /^https?$/ }),
  offset: z.int().nonnegative(),
  savedAt: z.number(),
})

/** Records unfinished uploads on disk, so that a later run continues them after this one was killed. */
export interface UploadJournal {
  /** The location of an upload; undefined if there is no recent entry. */
  find(key: UploadKey): Promise<URL | undefined>
  /** Records the newest location and offset. An error of the disk is only warned of, once. */
  note(key: UploadKey, location: URL, offset: number): Promise<void>
  forget(key: UploadKey): Promise<void>
}

/**
 * A journal with one file (mode 0600) for each upload. A location allows its holder to continue that upload; it holds no
 * credentials.
 */
export function uploadJournal(directory: string, context: Pick<Context, 'now' | 'emit'>): UploadJournal {
  const { now } = context
  const warn = warnNotKept(context, directory, 'large uploads start over if this run is killed')
  const fileOf = ({ host, repository, digest }: UploadKey) =>
    join(directory, `${createHash('sha256').update(`${host}/${repository}@${digest}`).digest('hex')}.json`)
  const forget = (key: UploadKey) => rm(fileOf(key), { force: true }).catch(() => {})
  return {
    async find(key) {
      const text = await readFile(fileOf(key), 'utf8').catch(() => undefined)
      if (text === undefined) return undefined
      const entry = ENTRY.safeParse(parseJson(text)).data
      const matches =
        entry?.host === key.host && entry.repository === key.repository && entry.digest === key.digest
      const age = entry === undefined ? Infinity : now() - entry.savedAt
      if (entry !== undefined && matches && age >= 0 && age < EXPIRES) return new URL(entry.location)
      await forget(key)
      return undefined
    },
    async note(key, location, offset) {
      const entry = { version: 1, ...key, location: location.href, offset, savedAt: now() }
      try {
        await makeDirectory(directory, 0o700)
        // Not synced, because every chunk waits for it, and after a power cut the upload merely starts over.
        await writeOutputFile(fileOf(key), JSON.stringify(entry), SECRET_MODE, false)
      } catch (error) {
        warn(error)
      }
    },
    forget,
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

import { createHash } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { isDigest, type Digest } from '../../model/digest.ts'
import { SECRET_MODE, writeOutputFile } from '../../output-file.ts'

/** Registries forget uploads that nobody goes on with; what is older than this is not asked after. Milliseconds. */
const EXPIRES = 6 * 60 * 60_000

/** Which upload is meant. */
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

/** Uploads that are on their way, on disk, so that a run which is killed goes on where it was. */
export interface UploadJournal {
  /** Where an upload goes on, if it was noted lately. */
  find(key: UploadKey): Promise<URL | undefined>
  /** Notes the newest location and how far it is. A disk that does not take it is no reason to fail. */
  note(key: UploadKey, location: URL, offset: number): Promise<void>
  forget(key: UploadKey): Promise<void>
}

/** A file an upload, 0600. A location is a capability to go on with one upload; credentials are never in it. */
export function uploadJournal(directory: string, now: () => number): UploadJournal {
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
        await mkdir(directory, { recursive: true, mode: 0o700 })
        // Not synced: an upload waits for this after every chunk, and a power cut costs it no more than a start anew.
        await writeOutputFile(fileOf(key), JSON.stringify(entry), SECRET_MODE, false)
      } catch {
        // Then this upload starts over when it is killed, as it would without a journal.
      }
    },
    forget,
  }
}

/** `$XDG_STATE_HOME/gpreg/uploads`. https://specifications.freedesktop.org/basedir-spec/latest/ */
export function journalDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const state = env['XDG_STATE_HOME'] || join(env['HOME'] || homedir(), '.local', 'state')
  return join(state, 'gpreg', 'uploads')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

import { createHmac, randomBytes } from 'node:crypto'
import { GpregError } from '../errors.ts'

/** Checks `Authorization` headers against a file of `user:hash` lines. */
export interface Htpasswd {
  allows(authorization: string | undefined): Promise<boolean>
}

/** A hash that no password has. Unknown users are compared with it, so that the response time does not tell which users exist. */
const NOBODY = '$2b$10$CwTycUXWue0Thq9StjUM0uJ8n3hR3Dk8oQy8jT5xR6cJx6m0lD6uG'

/**
 * Reads a file as `htpasswd -B` writes it. Only bcrypt: the other kinds can be guessed.
 * @throws `input-invalid`, naming the line, never its content
 */
export function parseHtpasswd(text: string): Htpasswd {
  const hashes = new Map<string, string>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const colon = line.indexOf(':')
    const hash = line.slice(colon + 1).trim()
    if (colon < 1 || !/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash)) {
      throw new GpregError('input-invalid', `line ${index + 1} of the htpasswd file is not user:bcrypt`, {
        hint: 'write it with htpasswd -B -c FILE USER',
      })
    }
    // htpasswd writes $2y$, which means what bcryptjs calls $2b$.
    hashes.set(line.slice(0, colon), hash.replace(/^\$2y\$/, '$2b$'))
  }
  const key = randomBytes(32)
  const known = new Set<string>()
  return {
    async allows(authorization) {
      const [, encoded] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '') ?? []
      if (encoded === undefined) return false
      // bcrypt is slow on purpose, so a login that was right is remembered.
      const mark = createHmac('sha256', key).update(encoded).digest('base64')
      if (known.has(mark)) return true
      const decoded = Buffer.from(encoded, 'base64').toString('utf8')
      const colon = decoded.indexOf(':')
      const hash = hashes.get(decoded.slice(0, Math.max(colon, 0)))
      const { compare } = await import('bcryptjs')
      const right = await compare(decoded.slice(colon + 1), hash ?? NOBODY)
      if (right && hash !== undefined) known.add(mark)
      return right && hash !== undefined
    },
  }
}

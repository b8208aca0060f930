import { createHmac, randomBytes } from 'node:crypto'
import { GpregError } from '../../errors.ts'
import { PasswordQueue } from './password-queue.ts'

/** Checks `Authorization` headers against a file of `user:hash` lines. */
export interface Htpasswd {
  /** @param client address of the client: clients take turns. @throws 429 if too many of its logins wait */
  allows(authorization: string | undefined, client: string): Promise<boolean>
}

/** bcrypt's own minimum */
const LOWEST_COST = 4

/** The salt and the hash of no password. */
const NOBODY = 'CwTycUXWue0Thq9StjUM0uJ8n3hR3Dk8oQy8jT5xR6cJx6m0lD6uG'

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
  return new HashedUsers(hashes)
}

class HashedUsers implements Htpasswd {
  readonly #hashes: ReadonlyMap<string, string>
  readonly #highestCost: number
  readonly #queue = new PasswordQueue()
  /** Key of the marks, so that the memory of this process tells no password. */
  readonly #key = randomBytes(32)
  /** Marks of the logins that were right. */
  readonly #right = new Set<string>()
  /** Logins that are being checked, by their marks: the connections of one client send the same login at once. */
  readonly #checks = new Map<string, Promise<boolean>>()

  constructor(hashes: ReadonlyMap<string, string>) {
    this.#hashes = hashes
    this.#highestCost = [...hashes.values()].map(costOf).reduce((a, b) => Math.max(a, b), LOWEST_COST)
  }

  async allows(authorization: string | undefined, client: string): Promise<boolean> {
    const [, login] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '') ?? []
    if (login === undefined) return false
    const mark = createHmac('sha256', this.#key).update(login).digest('base64')
    if (this.#right.has(mark)) return true
    const check = this.#checks.get(mark) ?? this.#check(login, client)
    this.#checks.set(mark, check)
    try {
      const isRight = await check
      if (isRight) this.#right.add(mark)
      return isRight
    } finally {
      this.#checks.delete(mark)
    }
  }

  async #check(login: string, client: string): Promise<boolean> {
    const decoded = Buffer.from(login, 'base64').toString('utf8')
    const colon = decoded.indexOf(':')
    const known = this.#hashes.get(decoded.slice(0, Math.max(colon, 0)))
    const hash = known ?? decoyOf(this.#highestCost)
    const comparison = {
      password: decoded.slice(colon + 1),
      hash,
      decoys: decoysUpTo(this.#highestCost, hash),
    }
    return (await this.#queue.compare(comparison, client)) && known !== undefined
  }
}

/**
 * Hashes that make a wrong password as slow as the slowest user's, so that the time tells neither users nor costs: each step of
 * the cost doubles the time, so cost 8 and the decoys 8 and 9 take as long as cost 10.
 */
function decoysUpTo(cost: number, hash: string): string[] {
  const own = costOf(hash)
  return Array.from({ length: Math.max(cost - own, 0) }, (_, step) => decoyOf(own + step))
}

/** A hash that no password has. */
function decoyOf(cost: number): string {
  return `$2b$${`${cost}`.padStart(2, '0')}$${NOBODY}`
}

function costOf(hash: string): number {
  return Number(hash.slice(4, 6))
}

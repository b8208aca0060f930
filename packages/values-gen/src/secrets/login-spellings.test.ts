import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createContext, loadCredentials } from '@gpreg/oci'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Choice } from '../installation/choice.ts'
import { planInstallation } from '../installation/installation.ts'
import { parseLogin } from './credentials.ts'
import { secretManifests } from './manifests.ts'

/** A docker config, and the login (`user password`) that every reader must find in it. */
interface Case {
  readonly about: string
  readonly host: string
  readonly path: string
  readonly config: object
  /** undefined if the file holds none for the repository */
  readonly login: string | undefined
}

const auth = (login: string) => ({ auth: Buffer.from(login).toString('base64') })
const [one, two, three] = [auth('one:p:w'), auth('two:x'), auth('three:y')]

function found(about: string, auths: object, host = 'r.internal:5000', path = 'team'): Case {
  return { about, host, path, config: { auths }, login: 'one p:w' }
}

function none(about: string, config: object): Case {
  return { about, host: 'r.internal:5000', path: 'team', config, login: undefined }
}

const CASES: readonly Case[] = [
  found('a host', { 'r.internal:5000': one }),
  found('a host with a scheme', { 'https://r.internal:5000': one }),
  found('a host with a scheme and /v1/', { 'https://r.internal:5000/v1/': one }),
  found('a host with http and /v2', { 'http://r.internal:5000/v2': one }),
  found('a host with a slash at the end', { 'r.internal:5000/': one }),
  found('a host in upper case', { 'R.Internal:5000': one }),
  found('the name docker.io', { 'docker.io': one }, 'docker.io'),
  found('the name index.docker.io', { 'index.docker.io': one }, 'docker.io'),
  found('the name registry-1.docker.io', { 'registry-1.docker.io': one }, 'docker.io'),
  found('the name that docker writes', { 'https://index.docker.io/v1/': one }, 'docker.io'),
  found('a path', { 'r.internal:5000/team': one, 'r.internal:5000/other': two }),
  found('a path and its host', { 'r.internal:5000/team': one, 'r.internal:5000': two }),
  found('a host and its path', { 'r.internal:5000': two, 'r.internal:5000/team': one }),
  found('a path with a scheme and a slash', { 'https://r.internal:5000/team/': one, 'r.internal:5000': two }),
  found(
    'the longest of three paths',
    {
      'r.internal:5000': two,
      'r.internal:5000/team': three,
      'r.internal:5000/team/app': one,
    },
    undefined,
    'team/app',
  ),
  found('the host beside the path of another team', { 'r.internal:5000/teams': two, 'r.internal:5000': one }),
  found('the plain one of two spellings', { 'r.internal:5000': one, 'https://r.internal:5000/v2/': two }),
  found('the plain one of two spellings, first', {
    'https://r.internal:5000/v2/': two,
    'r.internal:5000': one,
  }),
  found('a password with NULs at its end', { 'r.internal:5000': auth('one:p:w\0\0\0') }),
  found('a user and a password in the open', { 'r.internal:5000': { username: 'one', password: 'p:w' } }),
  found('an empty user beside a joined login', { 'r.internal:5000': { ...one, username: '', password: '' } }),
  found('an empty entry for the path', { 'r.internal:5000/team': {}, 'r.internal:5000': one }),
  none('another host', { auths: { 'other.internal:5000': one } }),
  none('another port', { auths: { 'r.internal': one } }),
  none('another path', { auths: { 'r.internal:5000/other': one } }),
  none('a mark that a helper keeps the login', { auths: { 'r.internal:5000': {} }, credsStore: 'desktop' }),
  none('a helper of the host, which comes before an entry', {
    auths: { 'r.internal:5000': one },
    credHelpers: { 'r.internal:5000': 'desktop' },
  }),
]

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-login-'))))
afterEach(() => rm(directory, { recursive: true }))

describe('the same login is used by copies and written into Secrets, for', () => {
  it.each(CASES)('$about', async ({ host, path, config, login }) => {
    const file = join(directory, 'config.json')
    await writeFile(file, JSON.stringify(config))
    const address = path === '' ? host : `${host}/${path}`
    expect(await usedByCopies(file, host, path)).toBe(login)
    if (login === undefined)
      expect(() => parseLogin(JSON.stringify(config), address, file)).toThrow(/holds no login/)
    else expect(writtenIntoSecret(JSON.stringify(config), host, address)).toBe(login)
  })
})

/** A login that only a helper keeps counts as none: no helper of these files exists, so asking it fails. */
async function usedByCopies(file: string, host: string, path: string): Promise<string | undefined> {
  const credentials = await loadCredentials(file, {}, createContext())
  const found = await credentials.find(host, path).catch(() => undefined)
  return found && `${found.username} ${found.password}`
}

const docker = z.object({
  auths: z.record(z.string(), z.object({ username: z.string(), password: z.string() })),
})
const secret = z.object({ data: z.record(z.string(), z.string()) })

function writtenIntoSecret(content: string, host: string, address: string): string | undefined {
  const choice: Choice = { kind: 'in-cluster', mirror: address }
  const { manifests } = secretManifests(planInstallation(choice), {
    mirror: parseLogin(content, address, 'f'),
  })
  const { data } = secret.parse(parse(manifests[0]?.yaml.reveal() ?? ''))
  const { auths } = docker.parse(
    JSON.parse(Buffer.from(data['.dockerconfigjson'] ?? '', 'base64').toString('utf8')),
  )
  const entry = auths[host]
  return entry && `${entry.username} ${entry.password}`
}

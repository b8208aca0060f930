import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { TemporaryDirectory } from '../support/temporary-directory.ts'
import type { TokenRequest } from './token-guard.ts'

/** The login that every registry of the situations takes. */
export const LOGIN = { username: 'user', password: 'secret', identityToken: 'identity' } as const

/** `Authorization` of the login. */
export const BASIC = `Basic ${Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')}`

/** Refuses a token to whoever does not send the password, by GET or by POST. */
export const withoutPassword = ({ authorization, form }: TokenRequest) =>
  authorization === BASIC || form.get('password') === LOGIN.password ? undefined : 401

/** Writes the file of docker, which every tool reads. */
export async function logIn(
  home: TemporaryDirectory,
  hosts: readonly string[],
  kind: 'password' | 'identity token',
): Promise<void> {
  const { username, password, identityToken } = LOGIN
  const encoded = (text: string) => Buffer.from(text).toString('base64')
  const entry =
    kind === 'password'
      ? { auth: encoded(`${username}:${password}`) }
      : { auth: encoded('00000000-0000-0000-0000-000000000000:'), identitytoken: identityToken }
  const path = home.join('.docker/config.json')
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, JSON.stringify({ auths: Object.fromEntries(hosts.map(host => [host, entry])) }))
}

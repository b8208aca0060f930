import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createContext, type Context } from '../../context.ts'
import { GpregError, isGpregError } from '../../errors.ts'
import { fileFault } from '../../machine/file-fault.ts'
import { decodeText } from '../../text.ts'
import { HelperAnswers } from './helper-answers.ts'
import type { Credential } from './credential.ts'
import { findLogin, parseDockerConfig, serverName, type DockerConfig } from './docker-config.ts'
import { homeDirectory } from '../../machine/home-directory.ts'

/** Finds the credential for a host and a repository on it. */
export interface Credentials {
  /** @param refused a credential that the registry rejected: another one is wanted, if there is one */
  find(host: string, repository: string, refused?: Credential): Promise<Credential | undefined>
}

export const ANONYMOUS: Credentials = { find: async () => undefined }

/**
 * The credentials that a program finds itself, as {@link Credentials} that fail as those of files do: an error of the program's own
 * code is one of the login, and no bug of this package.
 */
export function credentialsOfProgram(own: Credentials): Credentials {
  return {
    async find(host, repository, refused) {
      try {
        // A program without types may well answer null.
        return (await own.find(host, repository, refused)) ?? undefined
      } catch (cause) {
        if (isGpregError(cause)) throw cause
        const reason = cause instanceof Error ? cause.message : String(cause)
        throw new GpregError('unauthorized', `no credentials for ${host} were found: ${reason}`, {
          host,
          cause,
          hint: 'the function credentials.find of this program threw that; without a login it answers undefined',
        })
      }
    },
  }
}

/** Variables of an environment, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the credential files. A named file must be readable. Without one, every existing file of the usual paths is used, podman's first.
 * @param patience milliseconds until a helper that does not answer is stopped
 * @throws `input-unreadable`, `input-invalid`
 */
export async function loadCredentials(
  authFile?: string,
  env: Environment = process.env,
  context: Context = createContext(),
  patience?: number,
): Promise<Credentials> {
  const named = authFile ?? (env['REGISTRY_AUTH_FILE'] || undefined)
  const files = named === undefined ? await readUsualFiles(env, context) : [await readConfig(named)]
  const helpers = new HelperAnswers(context.signal, patience)
  return {
    async find(host, repository, refused) {
      for (const file of files) {
        const found = findLogin(file, host, repository)
        const credential =
          found?.kind === 'helper'
            ? await helpers.get(found.name, serverName(host), refused)
            : found?.credential
        if (credential !== undefined) return credential
      }
      return undefined
    },
  }
}

/**
 * The paths at which podman (auth.json) and docker (config.json, before 1.7 .dockercfg) keep credentials. podman's first one is not
 * below the home; without XDG_RUNTIME_DIR, as for root, it is below /run. A variable that is empty counts as not set, as for both of them.
 * https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
 */
export function usualPaths(env: Environment, user = process.getuid?.()): string[] {
  const home = homeDirectory(env)
  const running = env['XDG_RUNTIME_DIR']
    ? join(env['XDG_RUNTIME_DIR'], 'containers')
    : user !== undefined && `/run/containers/${user}`
  return [
    ...(running ? [join(running, 'auth.json')] : []),
    join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'containers', 'auth.json'),
    join(env['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json'),
    join(home, '.dockercfg'),
  ]
}

async function readUsualFiles(env: Environment, context: Context): Promise<DockerConfig[]> {
  const files: DockerConfig[] = []
  for (const path of usualPaths(env)) {
    try {
      files.push(await readConfig(path))
    } catch (error) {
      if ((error as { cause?: { code?: string } }).cause?.code === 'ENOENT') continue
      const message = `${path} was passed over: ${(error as Error).message}`
      context.emit({ type: 'warning', code: 'credentials-skipped', message, subject: { path } })
    }
  }
  return files
}

async function readConfig(path: string): Promise<DockerConfig> {
  let text: string
  try {
    text = decodeText(await readFile(path))
  } catch (cause) {
    throw new GpregError(
      'input-unreadable',
      `cannot read the credentials file ${path}: ${fileFault(cause)}`,
      {
        path,
        cause,
        hint: 'name a docker config.json or a podman auth.json',
      },
    )
  }
  return parseDockerConfig(text, path)
}

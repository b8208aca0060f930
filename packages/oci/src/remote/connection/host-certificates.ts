import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { isCertificate, readCertificates } from './pem.ts'
import { homeDirectory } from '../../machine/home-directory.ts'

/** A client certificate and its key, PEM. */
export interface Identity {
  readonly cert: string
  readonly key: string
}

/** What the directories of docker and podman hold for one host. */
export interface HostCertificates {
  /** PEM */
  readonly authorities: readonly string[]
  readonly identity?: Identity
  /** the directories, whether they exist or not */
  readonly places: readonly string[]
}

/** Receives the path of a file that is passed over, and why. */
export type PassedOver = (path: string, why: string) => void

/**
 * The directories with a directory for each host, the user's own first.
 * https://github.com/containers/image/blob/main/docs/containers-certs.d.5.md, https://docs.docker.com/engine/security/certificates/
 */
export function hostDirectories(env: Readonly<Record<string, string | undefined>>): string[] {
  const own = join(homeDirectory(env), '.config', 'containers', 'certs.d')
  return [own, '/etc/containers/certs.d', '/etc/docker/certs.d']
}

/**
 * Reads the certificates of a host: authorities from `*.crt`, and the first `*.cert` with a `*.key` of the same name as the client
 * certificate.
 */
export async function readHostCertificates(
  host: string,
  directories: readonly string[],
  passedOver: PassedOver,
): Promise<HostCertificates> {
  // A redirect may lead to any host, and no name may lead out of the directories.
  if (!/^[\w[][\w.:\]-]*$/.test(host)) return { authorities: [], places: [] }
  const places = directories.map(directory => join(directory, host))
  const authorities: string[] = []
  let identity: Identity | undefined
  for (const place of places) {
    const names = await readdir(place).catch(() => [])
    for (const name of names.sort()) {
      const path = join(place, name)
      if (name.endsWith('.crt')) authorities.push(...(await readAuthorities(path, passedOver)))
      if (name.endsWith('.cert')) identity ??= await readIdentity(path, passedOver)
    }
  }
  return { authorities, places, ...(identity === undefined ? {} : { identity }) }
}

async function readAuthorities(path: string, passedOver: PassedOver): Promise<string[]> {
  try {
    const certificates = (await readCertificates(path)).filter(isCertificate)
    if (certificates.length === 0) passedOver(path, 'it holds no certificate (PEM)')
    return certificates
  } catch (thrown) {
    passedOver(path, describe(thrown))
    return []
  }
}

async function readIdentity(path: string, passedOver: PassedOver): Promise<Identity | undefined> {
  try {
    const [cert, key] = await Promise.all(
      [path, path.replace(/\.cert$/, '.key')].map(file => readFile(file, 'utf8')),
    )
    const identity = { cert: cert ?? '', key: key ?? '' }
    createSecureContext(identity)
    return identity
  } catch (thrown) {
    passedOver(path, `it is no client certificate with its key in a .key file: ${describe(thrown)}`)
    return undefined
  }
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

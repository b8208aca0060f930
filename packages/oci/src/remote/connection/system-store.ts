import { readdir, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { getCACertificates } from 'node:tls'
import { readCertificates } from './pem.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The authorities that the system trusts, and where they were looked for. */
export interface SystemStore {
  /** PEM */
  readonly authorities: readonly string[]
  /** for messages: paths, and what is wrong with those that a variable names */
  readonly places: readonly string[]
}

interface StorePaths {
  /** The first that can be read is used. */
  readonly files: readonly string[]
  /** All are read. */
  readonly directories: readonly string[]
}

/** Go's lists, because its programs are what users compare with. https://go.dev/src/crypto/x509/root_linux.go */
const USUAL: StorePaths = {
  files: [
    '/etc/ssl/certs/ca-certificates.crt',
    '/etc/pki/tls/certs/ca-bundle.crt',
    '/etc/ssl/ca-bundle.pem',
    '/etc/pki/tls/cacert.pem',
    '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
    '/etc/ssl/cert.pem',
  ],
  directories: ['/etc/ssl/certs', '/etc/pki/tls/certs'],
}

/** Systems that keep authorities elsewhere than in files; Node reads those. */
const OTHER_STORES: Readonly<Record<string, string>> = {
  darwin: 'the keychain',
  win32: 'the certificate store of Windows',
}

/**
 * Reads the store of the system as Go does: SSL_CERT_FILE takes the place of the files, SSL_CERT_DIR that of the directories. A file
 * that cannot be read is passed over.
 */
export async function readSystemStore(
  env: Environment,
  usual: StorePaths = USUAL,
  platform: string = process.platform,
): Promise<SystemStore> {
  const other = OTHER_STORES[platform]
  const paths = other === undefined ? usual : { files: [], directories: [] }
  const stores = await Promise.all([
    readFiles(env['SSL_CERT_FILE'], paths),
    readDirectories(env['SSL_CERT_DIR'], paths),
  ])
  if (other !== undefined) stores.push({ authorities: getCACertificates('system'), places: [other] })
  return {
    authorities: stores.flatMap(({ authorities }) => authorities),
    places: stores.flatMap(({ places }) => places),
  }
}

async function readFiles(named: string | undefined, { files }: StorePaths): Promise<SystemStore> {
  if (named) return readNamed(`SSL_CERT_FILE=${named}`, () => readCertificates(named))
  for (const file of files) {
    const authorities = await readCertificates(file).catch(() => undefined)
    if (authorities !== undefined) return { authorities, places: [file] }
  }
  return { authorities: [], places: [] }
}

async function readDirectories(named: string | undefined, { directories }: StorePaths): Promise<SystemStore> {
  const paths = named ? named.split(':').filter(path => path !== '') : directories
  const stores = await Promise.all(
    paths.map(async (path): Promise<SystemStore> => {
      if (named) return readNamed(`SSL_CERT_DIR=${path}`, () => readDirectory(path))
      const authorities = await readDirectory(path).catch(() => undefined)
      return authorities === undefined ? { authorities: [], places: [] } : { authorities, places: [path] }
    }),
  )
  return {
    authorities: stores.flatMap(store => store.authorities),
    places: stores.flatMap(store => store.places),
  }
}

/** Reads a place that a variable names. What is wrong with it is told, because somebody meant it to be used. */
async function readNamed(place: string, read: () => Promise<string[]>): Promise<SystemStore> {
  try {
    const authorities = await read()
    return { authorities, places: [authorities.length > 0 ? place : `${place} (no certificate in it)`] }
  } catch (thrown) {
    const { code = 'unreadable' } = thrown as NodeJS.ErrnoException
    return { authorities: [], places: [`${place} (not read: ${code})`] }
  }
}

async function readDirectory(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const files = await Promise.all(
    entries.map(async entry => {
      const path = join(directory, entry.name)
      const isWanted = entry.isFile() || (entry.isSymbolicLink() && (await leadsToFile(path)))
      return isWanted ? readCertificates(path).catch(() => []) : []
    }),
  )
  return files.flat()
}

/** Whether a link leads to a file elsewhere. `openssl rehash` makes links within a directory, which only name its files once more. */
async function leadsToFile(path: string): Promise<boolean> {
  try {
    return (await readlink(path)).includes('/') && (await stat(path)).isFile()
  } catch {
    return false
  }
}

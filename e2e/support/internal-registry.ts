import { mkdir, copyFile, writeFile } from 'node:fs/promises'
import { makeCertificates, type Certificates } from '@gpreg/oci/testing'
import { startCountingProxy, type CountingProxy } from './counting-proxy.ts'
import { startRegistry, type Registry } from './registry.ts'
import type { SkopeoAccess } from './skopeo.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** The registry of an air-gapped site: TLS with a private CA, a password, and a counting proxy in front. */
export interface InternalRegistry extends AsyncDisposable {
  /** value of `--to`: the address of the counting proxy and a prefix */
  readonly to: string
  /** flags that gpreg needs to reach the registry */
  readonly flags: readonly string[]
  readonly registry: Registry
  readonly witness: CountingProxy
  readonly certificates: Certificates
  readonly credentials: { readonly username: string; readonly password: string }
  readonly skopeo: SkopeoAccess
}

export async function startInternalRegistry(): Promise<InternalRegistry> {
  const directory = await temporaryDirectory()
  const certificates = await makeCertificates(directory.path)
  const credentials = { username: 'mirror', password: 'correct horse: battery' }
  const registry = await startRegistry({ certificates, credentials })
  const witness = await startCountingProxy({ to: registry.url, certificates })
  const certDir = directory.join('certs')
  await mkdir(certDir)
  await copyFile(certificates.caFile, `${certDir}/ca.crt`)
  const authfile = directory.join('auth.json')
  await writeAuthfile(authfile, witness.host, credentials)
  return {
    to: `${witness.host}/gitpod`,
    flags: ['--ca-file', `${witness.host}=${certificates.caFile}`, '--authfile', authfile],
    registry,
    witness,
    certificates,
    credentials,
    skopeo: { certDir, credentials },
    async [Symbol.asyncDispose]() {
      await witness.stop()
      await registry.stop()
      await directory[Symbol.asyncDispose]()
    },
  }
}

export async function writeAuthfile(
  path: string,
  host: string,
  { username, password }: InternalRegistry['credentials'],
): Promise<void> {
  const auth = Buffer.from(`${username}:${password}`).toString('base64')
  await writeFile(path, JSON.stringify({ auths: { [host]: { auth } } }), { mode: 0o600 })
}

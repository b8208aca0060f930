import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A server certificate for loopback and the private CA that signed it: paths of PEM files. */
export interface Certificates {
  readonly caFile: string
  readonly certFile: string
  readonly keyFile: string
  readonly ca: string
  readonly cert: string
  readonly key: string
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']

/** @param hosts names and addresses that the certificate is valid for, besides loopback */
export async function makeCertificates(directory: string, ...hosts: string[]): Promise<Certificates> {
  const path = (name: string) => `${directory}/${name}`
  const [caFile, caKey, certFile, keyFile] = ['ca.pem', 'ca.key', 'server.pem', 'server.key'].map(path) as [
    string,
    string,
    string,
    string,
  ]
  const request = (...args: string[]) => run('openssl', ['req', '-x509', ...KEY, ...args])
  await request('-keyout', caKey, '-out', caFile, '-subj', '/CN=gpreg private CA')
  const server = [
    '-addext',
    ['subjectAltName=IP:127.0.0.1', ...['localhost', ...hosts].map(host => `DNS:${host}`)].join(','),
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  ]
  await request(
    '-CA',
    caFile,
    '-CAkey',
    caKey,
    '-keyout',
    keyFile,
    '-out',
    certFile,
    '-subj',
    '/CN=127.0.0.1',
    ...server,
  )
  const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map(file => readFile(file, 'utf8')))
  return { caFile, certFile, keyFile, ca: ca!, cert: cert!, key: key! }
}

import { copyFile, mkdir } from 'node:fs/promises'
import { makeCertificates, type Certificates } from '@gpreg/oci/testing'
import { startRegistry, type Registry } from '../../registry.ts'
import type { ReverseProxy } from '../../reverse-proxy.ts'
import { temporaryDirectory } from '../../temporary-directory.ts'
import { CallLog } from '../calls.ts'
import { startConnectProxy, type ConnectProxy } from '../connect-proxy.ts'
import { CALLER_ENV } from './aws-cloud.ts'
import { ECR_HOST, EcrAccount } from './ecr-account.ts'
import { startEcrRegistry } from './ecr-registry.ts'
import { startEcrServer } from './ecr-server.ts'
import { ADMIN } from './radosgw.ts'

/** A fake ECR. Clients that use the proxy reach it by the real host name. */
export interface EcrCloud extends AsyncDisposable {
  /** the host name in references */
  readonly host: string
  readonly account: EcrAccount
  /** Calls of the API that manages repositories and logins. */
  readonly log: CallLog
  /** URL of the API that manages repositories and logins */
  readonly endpoint: string
  /** Requests for images, as clients sent them. */
  readonly front: ReverseProxy
  /** The registry behind the proxy. It requires TLS and no login. */
  readonly registry: Registry
  readonly proxy: ConnectProxy
  /** The CA that signed the certificate of the host. */
  readonly certificates: Certificates
  /** directory with ca.crt, for skopeo */
  readonly certDir: string
  /** The environment that lets the built command find all of this, except for the CA. */
  readonly env: Readonly<Record<string, string>>
}

export async function startEcrCloud(): Promise<EcrCloud> {
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await temporaryDirectory())
  const certificates = await makeCertificates(directory.path, ECR_HOST)
  const certDir = directory.join('certs')
  await mkdir(certDir)
  await copyFile(certificates.caFile, `${certDir}/ca.crt`)

  const [account, log] = [new EcrAccount(), new CallLog()]
  const registry = stack.use(await startRegistry({ certificates }))
  const front = stack.use(await startEcrRegistry({ to: registry.url, account, certificates }))
  const server = stack.use(await startEcrServer({ account, callers: [ADMIN.accessKeyId], log }))
  const proxy = stack.use(await startConnectProxy({ [`${ECR_HOST}:443`]: Number(front.host.split(':')[1]) }))
  const running = stack.move()
  return {
    host: ECR_HOST,
    account,
    log,
    endpoint: server.endpoint,
    front,
    registry,
    proxy,
    certificates,
    certDir,
    env: { ...CALLER_ENV, AWS_ENDPOINT_URL_ECR: server.endpoint, HTTPS_PROXY: proxy.url },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

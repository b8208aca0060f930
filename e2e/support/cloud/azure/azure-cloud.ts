import { makeCertificates, type Certificates } from '@gpreg/oci/testing'
import { temporaryDirectory } from '../../temporary-directory.ts'
import { startRegistry, type Registry } from '../../registry.ts'
import type { CallLog } from '../calls.ts'
import { startConnectProxy, type ConnectProxy } from '../connect-proxy.ts'
import { startAcrRegistry, type AcrFront } from './acr-registry.ts'
import { startArmServer } from './arm-server.ts'
import { CLIENT, startEntraServer, TENANT } from './entra-server.ts'
import { AzureSubscription } from './subscription.ts'
import { TokenIssuer } from './tokens.ts'

/** Fakes of Azure Resource Manager and of Entra. */
export interface AzureCloud extends AsyncDisposable {
  readonly subscription: AzureSubscription
  readonly log: CallLog
  /** https://127.0.0.1:port */
  readonly resourceManager: string
  readonly tokens: TokenIssuer
  readonly certificates: Certificates
  /** The environment that gives clients an identity. For other processes it also names the CA. */
  readonly env: Readonly<Record<string, string>>
}

export async function startAzureCloud(certificates: Certificates): Promise<AzureCloud> {
  await using stack = new AsyncDisposableStack()
  const [subscription, tokens] = [new AzureSubscription(), new TokenIssuer()]
  const { log } = subscription
  const entra = stack.use(
    await startEntraServer({ certificates, tokens, log, script: (...call) => subscription.script(...call) }),
  )
  const arm = stack.use(await startArmServer({ certificates, tokens, subscription }))
  const running = stack.move()
  return {
    subscription,
    log,
    resourceManager: arm.url,
    tokens,
    certificates,
    env: {
      AZURE_TENANT_ID: TENANT,
      AZURE_CLIENT_ID: CLIENT.id,
      AZURE_CLIENT_SECRET: CLIENT.secret,
      AZURE_AUTHORITY_HOST: entra.url,
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** Fake registries of Azure. Clients that use the proxy reach them by their real host names. */
export interface AcrCloud extends AsyncDisposable {
  readonly front: AcrFront
  /** The registry behind the proxy. It requires TLS and no login. */
  readonly registry: Registry
  readonly proxy: ConnectProxy
}

/** @param hosts login servers */
export async function startAcrCloud(
  { subscription, tokens, certificates }: AzureCloud,
  audiences: readonly string[],
  ...hosts: string[]
): Promise<AcrCloud> {
  await using stack = new AsyncDisposableStack()
  const registry = stack.use(await startRegistry({ certificates }))
  const to = registry.url
  const front = stack.use(await startAcrRegistry({ to, subscription, tokens, certificates, audiences }))
  const port = Number(front.host.split(':')[1])
  const routes = Object.fromEntries(hosts.map(host => [`${host}:443`, port]))
  const proxy = stack.use(await startConnectProxy(routes))
  const running = stack.move()
  return { front, registry, proxy, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** Makes certificates for the registry hosts of all Azure clouds, for its public services, and for a public registry. */
export async function azureCertificates(): Promise<Certificates & AsyncDisposable> {
  const directory = await temporaryDirectory()
  const hosts = ['management.azure.com', 'login.microsoftonline.com', 'quay.io']
  const suffixes = ['*.azurecr.io', '*.azurecr.us', '*.azurecr.cn', ...hosts]
  const made = await makeCertificates(directory.path, ...suffixes)
  return { ...made, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() }
}

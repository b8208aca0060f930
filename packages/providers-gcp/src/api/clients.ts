import type { ServiceAccountKey } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { unifyProxies } from '@gpreg/oci/engine'
import type { Repositories } from '../repository/repository.ts'
import type { Services } from '../service.ts'

/** The clients of the SDK. A test or an application can give its own. */
export interface GcpClients {
  readonly services: Services
  readonly repositories: Repositories
}

/** URLs of the APIs, for others than Google's public ones. */
export interface GcpEndpoints {
  readonly serviceUsage?: string
  readonly artifactRegistry?: string
}

export interface GcpClientOptions {
  /** An API with an endpoint of its own is called over REST, and through a proxy every API is. */
  readonly endpoints?: GcpEndpoints
  /** the identity that makes the changes; default: the one that the SDK finds */
  readonly credentials?: ServiceAccountKey
}

/** Loads the SDK. @throws `usage` for an endpoint that is no URL and for a proxy that cannot be used */
export async function createGcpClients({
  endpoints = {},
  credentials,
}: GcpClientOptions = {}): Promise<GcpClients> {
  const [{ ServiceUsageClient }, { ArtifactRegistryClient }, { GoogleIdentity }] = await Promise.all([
    import('@google-cloud/service-usage'),
    import('@google-cloud/artifact-registry'),
    import('./identity.ts'),
  ])
  const { https: proxy } = unifyProxies(process.env)
  // gRPC goes through no proxy that speaks TLS, and reads NO_PROXY otherwise than the rest of the SDK.
  const common = { auth: new GoogleIdentity(credentials), fallback: proxy !== undefined }
  return {
    services: new ServiceUsageClient({ ...common, ...overRest(endpoints.serviceUsage) }),
    repositories: new ArtifactRegistryClient({ ...common, ...overRest(endpoints.artifactRegistry) }),
  }
}

/** The endpoints in the variables of gcloud: https://cloud.google.com/sdk/gcloud/reference/topic/configurations (`api_endpoint_overrides`). */
export function gcpEndpoints(env: NodeJS.ProcessEnv): GcpEndpoints {
  const serviceUsage = env['CLOUDSDK_API_ENDPOINT_OVERRIDES_SERVICEUSAGE']
  const artifactRegistry = env['CLOUDSDK_API_ENDPOINT_OVERRIDES_ARTIFACTREGISTRY']
  return { ...(serviceUsage ? { serviceUsage } : {}), ...(artifactRegistry ? { artifactRegistry } : {}) }
}

function overRest(endpoint: string | undefined) {
  if (endpoint === undefined) return {}
  const url = URL.parse(endpoint)
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/') {
    throw new GpregError('usage', `${endpoint} is no endpoint of an API of Google`, {
      hint: 'give a URL without a path, such as https://serviceusage.internal/',
    })
  }
  const protocol = url.protocol.slice(0, -1)
  const port = Number(url.port || (protocol === 'https' ? 443 : 80))
  return { fallback: true, protocol, apiEndpoint: url.hostname, port }
}

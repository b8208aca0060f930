import { ArtifactRegistryClient } from '@google-cloud/artifact-registry'
import { ServiceUsageClient } from '@google-cloud/service-usage'
import { createGcpClients, type GcpClients } from '@gpreg/provider-gcp'
import { GoogleAuth, grpc } from 'google-gax'
import type { Cloud } from './cloud.ts'
import { startGrpcServer } from './grpc-server.ts'
import { startRestServer } from './rest-server.ts'
import { serviceAccountKey } from './service-account.ts'

/** The transport between SDK and fake: gRPC as with Google, or REST as with custom endpoints. */
export type Form = 'gRPC' | 'REST'

export interface ServedCloud extends AsyncDisposable {
  readonly clients: GcpClients
}

/** The identity of the caller. It is a key that signs its own tokens, so no token server is needed. */
const operator = serviceAccountKey('operator@p1.iam.gserviceaccount.com')

export function serveCloud(cloud: Cloud, form: Form): Promise<ServedCloud> {
  return form === 'gRPC' ? overGrpc(cloud) : overRest(cloud)
}

async function overGrpc(cloud: Cloud): Promise<ServedCloud> {
  const server = await startGrpcServer(cloud)
  const auth = new GoogleAuth({ credentials: JSON.parse(operator.json.reveal()) })
  const sslCreds = grpc.credentials.createInsecure()
  const options = { apiEndpoint: '127.0.0.1', port: server.port, sslCreds, auth }
  const services = new ServiceUsageClient(options)
  const repositories = new ArtifactRegistryClient(options)
  return {
    clients: { services, repositories },
    async [Symbol.asyncDispose]() {
      await Promise.all([services.close(), repositories.close()])
      await server[Symbol.asyncDispose]()
    },
  }
}

async function overRest(cloud: Cloud): Promise<ServedCloud> {
  const server = await startRestServer(cloud)
  const endpoints = { serviceUsage: server.url, artifactRegistry: server.url }
  const clients = await createGcpClients({ endpoints, credentials: operator })
  return { clients, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

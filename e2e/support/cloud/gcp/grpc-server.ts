import { dirname, resolve } from 'node:path'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { grpc, protobuf, serializer, Status } from 'google-gax'
import { Refusal, type Cloud, type ApiCall } from './cloud.ts'

export interface GrpcServer extends AsyncDisposable {
  readonly port: number
}

/** Directories of the protos in the packages of the SDK. */
const PROTOS = ['@google-cloud/service-usage', '@google-cloud/artifact-registry', 'google-gax'].map(name =>
  resolve(dirname(fileURLToPath(import.meta.resolve(name))), '../protos'),
)

const SERVICES = {
  'google.api.serviceusage.v1.ServiceUsage': ['GetService', 'EnableService'],
  'google.devtools.artifactregistry.v1.ArtifactRegistry': [
    'GetRepository',
    'CreateRepository',
    'DeleteRepository',
  ],
  'google.longrunning.Operations': ['GetOperation'],
} as const

/** Starts Service Usage, Artifact Registry and the operations of both over gRPC, on one port. */
export async function startGrpcServer(cloud: Cloud): Promise<GrpcServer> {
  const root = loadProtos()
  const server = new grpc.Server()
  for (const [service, methods] of Object.entries(SERVICES))
    for (const method of methods) serve(server, root.lookupService(service), method, cloud, root)
  const port = await new Promise<number>((done, failed) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? failed(error) : done(bound),
    ),
  )
  return { port, [Symbol.asyncDispose]: async () => server.forceShutdown() }
}

function serve(
  server: grpc.Server,
  service: protobuf.Service,
  method: ApiCall['method'],
  cloud: Cloud,
  root: protobuf.Root,
): void {
  const { resolvedRequestType, resolvedResponseType } = service.methods[method]!
  const definition = {
    path: `/${service.fullName.slice(1)}/${method}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize: (bytes: Buffer) => resolvedRequestType!.decode(bytes),
    responseSerialize: (message: protobuf.Message) =>
      Buffer.from(resolvedResponseType!.encode(message).finish()),
    responseDeserialize: () => undefined,
  }
  const handler: grpc.handleUnaryCall<protobuf.Message, protobuf.Message> = (call, answer) => {
    try {
      const request = serializer.toProto3JSON(call.request) as ApiCall['request']
      const message = cloud.handle({ method, request })
      answer(null, serializer.fromProto3JSON(resolvedResponseType!, message as never)!)
    } catch (error) {
      answer(error instanceof Refusal ? refused(error, root) : (error as Error))
    }
  }
  server.addService({ [method]: definition }, { [method]: handler as never })
}

/** Puts the details of an error into a trailer: https://grpc.io/docs/guides/error/#richer-error-model */
function refused({ status, message, details }: Refusal, root: protobuf.Root) {
  const code = Status[status as keyof typeof Status]
  const type = root.lookupType('google.rpc.Status')
  const metadata = new grpc.Metadata()
  const body = serializer.fromProto3JSON(type, { code, message, details } as never)!
  metadata.set('grpc-status-details-bin', Buffer.from(type.encode(body).finish()))
  return { code: code as number, details: message, metadata }
}

function loadProtos(): protobuf.Root {
  const root = new protobuf.Root()
  root.resolvePath = (_, target) => PROTOS.map(place => resolve(place, target)).find(existsSync) ?? null
  root.loadSync([
    'google/api/serviceusage/v1/serviceusage.proto',
    'google/devtools/artifactregistry/v1/service.proto',
    'google/longrunning/operations.proto',
    'google/rpc/error_details.proto',
  ])
  return root.resolveAll() as protobuf.Root
}

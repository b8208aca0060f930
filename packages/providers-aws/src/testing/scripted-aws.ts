import { IAMClient } from '@aws-sdk/client-iam'
import { S3Client } from '@aws-sdk/client-s3'
import { ECRClient } from '@aws-sdk/client-ecr'

export interface SeenRequest {
  readonly method: string
  readonly host: string
  readonly path: string
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface ScriptedAnswer {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** Clients of AWS that get scripted answers, for rules of AWS that no server on this machine has. */
export function scriptedAws(region: string, answer: (request: SeenRequest) => ScriptedAnswer) {
  const seen: SeenRequest[] = []
  const requestHandler = {
    async handle(request: {
      method: string
      hostname: string
      path: string
      query: object
      headers: object
      body?: unknown
    }) {
      const { method, hostname: host, path, query, headers, body } = request
      const one = { method, host, path, query, headers, body: await textOf(body) } as SeenRequest
      seen.push(one)
      const { status, headers: more = {}, body: text = '' } = answer(one)
      return { response: { statusCode: status, headers: more, body: new Response(text).body } }
    },
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
  }
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'canary-secret' }
  const config = { region, credentials, maxAttempts: 1, requestHandler } as never
  const s3 = new S3Client(config)
  return {
    seen,
    clients: { s3, iam: new IAMClient(config), s3With: () => s3 },
    ecr: new ECRClient(config),
  }
}

async function textOf(body: unknown): Promise<string> {
  if (body === undefined || body === null) return ''
  return typeof body === 'string' ? body : Buffer.from(body as Uint8Array).toString()
}

export const xmlError = (code: string, message = code) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`

export const iamError = (code: string, message = code) =>
  `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`

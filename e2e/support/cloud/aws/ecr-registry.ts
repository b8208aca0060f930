import type { IncomingMessage } from 'node:http'
import type { Certificates } from '@gpreg/oci/testing'
import { startReverseProxy, type ReverseProxy } from '../../reverse-proxy.ts'
import { ECR_HOST, type EcrAccount } from './ecr-account.ts'

export interface EcrRegistryOptions {
  /** a registry that uses TLS with the same certificates */
  readonly to: URL
  readonly account: EcrAccount
  readonly certificates: Certificates
}

/** The token realm that ECR names in its challenge; no server answers there. */
const CHALLENGE = `Basic realm="https://${ECR_HOST}/",service="ecr.amazonaws.com"`

/** Starts the part of ECR that serves images: a real registry behind a proxy that imitates the peculiarities of ECR. */
export function startEcrRegistry({ to, account, certificates }: EcrRegistryOptions): Promise<ReverseProxy> {
  /** the first `Range` that each upload was answered, by the upload's path */
  const firstRanges = new Map<string, string>()
  return startReverseProxy({
    to,
    certificates,
    intercept({ exchange, request, response, forward }) {
      const refuse = (status: number, code: string, message: string, headers = {}) => {
        request.resume()
        response.writeHead(status, { 'content-type': 'application/json', ...headers })
        response.end(JSON.stringify({ errors: [{ code, message }] }))
      }
      const standing = account.standingOf(request.headers.authorization)
      if (standing === 'stranger')
        return refuse(401, 'UNAUTHORIZED', 'Not Authorized', { 'www-authenticate': CHALLENGE })
      // https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html
      if (standing === 'expired')
        return refuse(403, 'DENIED', 'Your authorization token has expired. Reauthenticate and try again.')
      const name = repositoryOf(exchange.path)
      if (name !== undefined && !account.repositories.has(name))
        return refuse(404, 'NAME_UNKNOWN', account.missing(name))
      // Mounts are off until an account turns them on: ECR answers a mount request by opening an upload.
      if (exchange.query.has('mount')) request.url = exchange.path
      if (request.method !== 'PATCH') return forward()
      forward({
        answer(upstream: IncomingMessage) {
          const { range, ...headers } = upstream.headers
          exchange.status = upstream.statusCode === 202 ? 201 : (upstream.statusCode ?? 502)
          // ECR repeats the `Range` of the first chunk in all later answers:
          // https://github.com/aws/containers-roadmap/issues/2831
          if (range !== undefined && !firstRanges.has(exchange.path)) firstRanges.set(exchange.path, range)
          const firstRange = range === undefined ? {} : { range: firstRanges.get(exchange.path) }
          response.writeHead(exchange.status, { ...headers, ...firstRange })
          upstream.pipe(response)
        },
      })
    },
  })
}

function repositoryOf(path: string): string | undefined {
  return /^\/v2\/(.+)\/(?:blobs|manifests|tags|referrers)\//.exec(path)?.[1]
}

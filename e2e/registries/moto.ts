import { startProcess } from '../support/process.ts'
import { blobPath, startRegistry, type S3Storage } from '../support/registry.ts'
import type { Server } from './server-kinds.ts'

/** Starts a registry whose blobs lie in an S3 bucket. `moto` imitates S3, because it starts within a second. */
export async function startRegistryOnS3(program: string): Promise<Server> {
  const moto = startProcess('moto_server', ['-H', '127.0.0.1', '-p', '0'])
  const [, endpoint] = await moto.output(/Running on http:\/\/(127\.0\.0\.1:\d+)/)
  const s3: S3Storage = {
    bucket: 'blobs',
    region: 'us-east-1',
    endpoint: endpoint!,
    accessKey: 'any',
    secretKey: 'any',
  }
  const bucket = `http://${s3.endpoint}/${s3.bucket}`
  await must(bucket, 'PUT')
  const registry = await startRegistry({ program, s3 })
  return {
    host: registry.host,
    url: registry.url,
    loseBlob: digest => must(`${bucket}/${blobPath(digest)}`, 'DELETE'),
    async [Symbol.asyncDispose]() {
      await registry.stop()
      await moto.stop()
    },
  }
}

/** Sends a request without a signature, which moto does not ask for. */
async function must(url: string, method: string): Promise<void> {
  const answer = await fetch(url, { method })
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`)
}

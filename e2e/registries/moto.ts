import { CreateBucketCommand, DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { mustRun, startProcess } from '../support/process.ts'
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
  const { bucket: Bucket, region, accessKey: accessKeyId, secretKey: secretAccessKey } = s3
  const client = new S3Client({
    region,
    endpoint: `http://${endpoint}`,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  })
  await client.send(new CreateBucketCommand({ Bucket }))
  const registry = await startRegistry({ program, s3 })
  return {
    host: registry.host,
    url: registry.url,
    loseBlob: async digest =>
      void (await client.send(new DeleteObjectCommand({ Bucket, Key: blobPath(digest) }))),
    collectGarbage: async (flags = ['-m']) =>
      void (await mustRun(program, ['garbage-collect', ...flags, registry.configuration])),
    async [Symbol.asyncDispose]() {
      await registry.stop()
      client.destroy()
      await moto.stop()
    },
  }
}

import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { Check, Context } from '@gpreg/core'
import type { GpregError } from '@gpreg/oci'
import { pause, unlessAborted } from '@gpreg/oci/engine'
import { call } from '../api/call.ts'
import { REGISTRY_PREFIX } from '../names.ts'

export interface CanaryOptions {
  /** S3 with the registry's own key */
  readonly s3: S3Client
  readonly bucket: string
  readonly isForeign: boolean
}

/** The headers that the registry's driver sends with every object. */
const AS_DRIVER = { ACL: 'private', StorageClass: 'STANDARD' } as const
/** The header that the driver adds if the registry's chart turns encryption on, as Gitpod's chart does. */
const ENCRYPTED = { ServerSideEncryption: 'AES256' } as const

/** In milliseconds: a new key takes seconds to be known everywhere in AWS. */
const PATIENCE = 60_000
const BETWEEN = 2_000

/**
 * Makes the requests of one push and one pull with the registry's own key: put, copy, read, multipart, list, delete.
 * Nothing else before Gitpod runs shows whether policies, region, key and encryption are right.
 */
export async function checkBucket(options: CanaryOptions, context: Context): Promise<Check[]> {
  // Always the same names, so that the next check removes what a check that was killed left behind.
  const key = `${REGISTRY_PREFIX}gpreg-probe/object`
  const keys = [key, `${key}-copy`, `${key}-encrypted`]
  const steps: readonly Step[] = [
    ['write', () => put(options, key, context, {})],
    ['copy', () => copy(options, key, context)],
    ['read', () => read(options, key, context)],
    ['multipart upload', () => multipart(options, `${key}-multipart`, context)],
    ['delete', () => remove(options, keys, context)],
  ]
  const checks: Check[] = []
  for (const [name, run] of steps) {
    const blocked = checks.some(({ status }) => status === 'failed') && name !== 'delete'
    checks.push(blocked ? { name, status: 'skipped' } : await tried(name, name === 'write', run, context))
  }
  return [...checks, await checkEncryption(options, keys[2]!, context)]
}

type Step = readonly [name: string, run: () => Promise<string | undefined>]

async function tried(
  name: string,
  isFirst: boolean,
  run: () => Promise<string | undefined>,
  context: Context,
): Promise<Check> {
  const until = context.now() + (isFirst ? PATIENCE : 0)
  for (;;) {
    try {
      const detail = await run()
      return { name, status: 'ok', ...(detail === undefined ? {} : { detail }) }
    } catch (thrown) {
      const error = unlessAborted(thrown)
      const mayBeNew = error.code === 'forbidden' || error.code === 'unauthorized'
      if (!mayBeNew || context.now() >= until) return failed(name, error)
      context.emit({ type: 'change.waiting', resource: 's3:key', state: 'not known everywhere yet' })
      await pause(context, BETWEEN)
    }
  }
}

function failed(name: string, error: GpregError): Check {
  const hint = hintFor(error)
  return { name, status: 'failed', detail: error.message, ...(hint === undefined ? {} : { hint }) }
}

/** The checks use the registry's key, so a hint about the rights or the login of the caller would mislead. */
function hintFor({ code, message, hint }: GpregError): string | undefined {
  if (message.includes('AccessControlListNotSupported'))
    return "the bucket takes no ACLs, and the registry's driver sends one: aws s3api put-bucket-ownership-controls --bucket BUCKET --ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerPreferred}]'"
  if (code === 'forbidden')
    return "the registry's key is refused here, whatever the rights of the caller: look for a policy of the bucket, a service control policy or a permissions boundary that forbids it, and for what the user of a key that was given may do"
  if (code === 'unauthorized')
    return "the registry's key is unknown or wrong: if it was made a moment ago, run the same command again; otherwise make another with --rotate, or give a right one with --registry-credentials"
  return hint
}

const about = (bucket: string, permission: string) => ({ resource: `s3:bucket/${bucket}`, permission })

async function put(
  { s3, bucket }: CanaryOptions,
  Key: string,
  context: Context,
  more: object,
): Promise<undefined> {
  const command = new PutObjectCommand({ Bucket: bucket, Key, Body: Key, ...AS_DRIVER, ...more })
  await call(context, about(bucket, 's3:PutObject'), options => s3.send(command, options))
}

async function copy({ s3, bucket }: CanaryOptions, key: string, context: Context): Promise<undefined> {
  const CopySource = `${bucket}/${key}`
  const command = new CopyObjectCommand({ Bucket: bucket, Key: `${key}-copy`, CopySource, ...AS_DRIVER })
  await call(context, about(bucket, 's3:PutObject'), options => s3.send(command, options))
}

async function read({ s3, bucket }: CanaryOptions, Key: string, context: Context): Promise<undefined> {
  await call(context, about(bucket, 's3:GetObject'), async options => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }), options)
    if ((await Body?.transformToString()) !== Key)
      throw Object.assign(new Error('other bytes came back than were put'), {
        name: 'IncompleteBody',
        $metadata: { httpStatusCode: 200 },
      })
  })
}

/** A multipart upload with the requests of the registry's driver. The driver lists uploads, then parts, to find an upload again. */
async function multipart({ s3, bucket }: CanaryOptions, Key: string, context: Context): Promise<undefined> {
  const object = { Bucket: bucket, Key }
  const send = about(bucket, 's3:PutObject')
  const begin = new CreateMultipartUploadCommand({ ...object, ...AS_DRIVER })
  const { UploadId } = await call(context, send, options => s3.send(begin, options))
  try {
    const part = new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: Key })
    await call(context, send, options => s3.send(part, options))
    const uploads = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: Key })
    await call(context, about(bucket, 's3:ListBucketMultipartUploads'), options => s3.send(uploads, options))
    const parts = new ListPartsCommand({ ...object, UploadId })
    await call(context, about(bucket, 's3:ListMultipartUploadParts'), options => s3.send(parts, options))
  } finally {
    const abort = new AbortMultipartUploadCommand({ ...object, UploadId })
    await call(context, about(bucket, 's3:AbortMultipartUpload'), options => s3.send(abort, options))
  }
}

async function remove({ s3, bucket }: CanaryOptions, keys: string[], context: Context): Promise<undefined> {
  const Objects = keys.map(Key => ({ Key }))
  const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } })
  await call(context, about(bucket, 's3:DeleteObject'), async options => {
    const { Errors = [] } = await s3.send(command, options)
    const [error] = Errors
    if (error !== undefined)
      throw Object.assign(new Error(error.Message), { name: error.Code, $metadata: { httpStatusCode: 403 } })
  })
}

/** Tries an encrypted write, because Gitpod's chart always turns encryption on. If an S3 does not support it, the user must turn it off. */
async function checkEncryption(options: CanaryOptions, key: string, context: Context): Promise<Check> {
  const name = 'encrypted write'
  const check = await tried(name, false, () => put(options, key, context, ENCRYPTED), context)
  await remove(options, [key], context).catch(() => {})
  if (check.status !== 'failed' || !options.isForeign) return check
  return {
    ...check,
    status: 'warning',
    hint: 'the installer has the registry encrypt its objects (encrypt: true), which this S3 refuses: set up a key for encryption there, or set storage.s3.encrypt to false in the rendered configuration of the registry',
  }
}

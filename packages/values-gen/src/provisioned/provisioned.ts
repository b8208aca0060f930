import { GpregError, Sensitive } from '@gpreg/core'
import { z } from 'zod'
import type { PartialChoice } from '../installation/complete.ts'
import type { SecretValues } from '../secrets/values.ts'

const text = z.string().min(1)

const choice = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('aws'),
    region: text,
    bucket: text,
    registryRegion: text.exactOptional(),
    registryEndpoint: text.exactOptional(),
    storageBucket: text.exactOptional(),
    storageEndpoint: text.exactOptional(),
  }),
  z.object({ kind: z.literal('gcp'), project: text, region: text, registryHost: text.exactOptional() }),
  z.object({ kind: z.literal('azure'), registry: text, region: text }),
])

const document = z.object({
  kind: z.literal('Provisioned'),
  version: z.literal(1),
  choice,
  /** Where the credentials are, seen from this file; absent where they were not wanted. */
  secretsFile: text.exactOptional(),
})

/** What `gpreg provision` made, as its file says it. Nothing in it is secret. */
export type Provisioned = z.output<typeof document>

const sensitive = text.transform(value => new Sensitive(value))
const login = z.object({ username: text, password: sensitive })
const accessKey = z.object({ accessKeyId: text, secretAccessKey: sensitive })

const secrets = z.object({
  kind: z.literal('ProvisionedSecrets'),
  version: z.literal(1),
  registry: login.exactOptional(),
  registryStorage: accessKey.exactOptional(),
  storage: z
    .union([accessKey, z.object({ json: sensitive }), z.object({ accountName: text, accountKey: sensitive })])
    .exactOptional(),
})

/** @throws `input-invalid` */
export function parseProvisioned(
  content: string,
  path: string,
): { readonly choice: PartialChoice; readonly secretsFile?: string } {
  const { choice, secretsFile } = parse(document, content, path, 'what gpreg provision -o writes')
  return { choice, ...(secretsFile === undefined ? {} : { secretsFile }) }
}

/** @throws `input-invalid`, with nothing of the file in it */
export function parseProvisionedSecrets(content: string, path: string): SecretValues {
  const {
    kind: _,
    version: __,
    ...values
  } = parse(secrets, content, path, 'what gpreg provision --secrets-file writes')
  return values
}

function parse<T extends z.ZodType>(shape: T, content: string, path: string, what: string): z.output<T> {
  try {
    return shape.parse(JSON.parse(content))
  } catch {
    throw new GpregError('input-invalid', `${path} is not ${what}`, {
      path,
      hint: 'it may be of a newer gpreg; run gpreg provision again to write it anew',
    })
  }
}

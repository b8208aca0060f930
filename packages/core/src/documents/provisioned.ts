import { z } from 'zod'
import { Sensitive } from '@gpreg/oci'
import { defineDocument, documentShape, formatDocument } from './document.ts'

const text = z.string().min(1)

/** The settings of an installation that the cloud decides, named as the flags of `gpreg values KIND`. */
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

export type ProvisionedChoice = z.output<typeof choice>

const document = documentShape('Provisioned', 1, {
  choice,
  /** The path of the credentials, relative to this file; absent if no such file was asked for. */
  secretsFile: text.exactOptional(),
})

/** The document of `gpreg provision -o`. Nothing in it is secret. */
export type Provisioned = z.output<typeof document>

const sensitive = text.transform(value => new Sensitive(value))
const login = z.object({ username: text, password: sensitive })
const accessKey = z.object({ accessKeyId: text, secretAccessKey: sensitive })

const secrets = documentShape('ProvisionedSecrets', 1, {
  /** for the registry of workspace images, if it is a registry of the cloud */
  registry: login.exactOptional(),
  /** for the bucket of the in-cluster registry */
  registryStorage: accessKey.exactOptional(),
  storage: z
    .union([accessKey, z.object({ json: sensitive }), z.object({ accountName: text, accountKey: sensitive })])
    .exactOptional(),
  /** Notes of the provider that must survive a crash. Nothing in it is secret. */
  journal: z.record(z.string(), z.array(text)).exactOptional(),
})

export type ProvisionedSecrets = Omit<z.output<typeof secrets>, 'kind' | 'version'>

const HINT = 'run gpreg provision again to write it anew'

const reader = defineDocument({
  noun: 'what gpreg provision -o writes',
  version: 1,
  shape: document,
  hint: HINT,
  isSecret: true,
})

const secretsReader = defineDocument({
  noun: 'what gpreg provision --secrets-file writes',
  version: 1,
  shape: secrets,
  hint: HINT,
  isSecret: true,
})

/** @throws `input-invalid`; the error shows nothing of the file, because it may be the secrets file, named by mistake */
export const parseProvisioned: (content: string, path: string) => Provisioned = reader.parse

/** @throws `input-invalid`; the error shows nothing of the file */
export function parseProvisionedSecrets(content: string, path: string): ProvisionedSecrets {
  const { kind: _, version: __, ...values } = secretsReader.parse(content, path)
  return values
}

export function formatProvisioned(provisioned: Omit<Provisioned, 'kind' | 'version'>): string {
  return formatDocument({ kind: 'Provisioned', version: 1, ...provisioned })
}

/** The text of the document, with all secrets in clear text. */
export function formatProvisionedSecrets(values: ProvisionedSecrets): string {
  return formatDocument({ kind: 'ProvisionedSecrets', version: 1, ...(revealed(values) as object) })
}

/** Replaces every Sensitive by its secret text, because `JSON.stringify` would call `Sensitive.toJSON`, which hides the text. */
function revealed(value: unknown): unknown {
  if (value instanceof Sensitive) return value.reveal()
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revealed(inner)]))
}

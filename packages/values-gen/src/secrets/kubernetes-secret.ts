import { parseAllDocuments } from 'yaml'
import { z } from 'zod'

const texts = z.record(z.string(), z.string().nullish()).nullish()

const secret = z.looseObject({
  kind: z.literal('Secret'),
  metadata: z.looseObject({ name: z.string().optional() }).nullish(),
  type: z.string().nullish(),
  data: texts,
  stringData: texts,
})

/** A Kubernetes Secret as a file holds it. */
export interface KubernetesSecret {
  readonly name: string
  /** `Opaque` if the file says nothing */
  readonly type: string
  /** Decoded values by key. `stringData` wins over `data`, as in Kubernetes. */
  readonly values: ReadonlyMap<string, string>
  /** Keys below `data` whose value is no base64. */
  readonly undecodable: readonly string[]
}

/**
 * Reads the Secrets of a file: YAML with one or several documents, or JSON, also as items of a List. Undefined if the file has
 * something else, or is no YAML.
 */
export function parseSecrets(content: string): readonly KubernetesSecret[] | undefined {
  // Only these words make a Secret; most credentials files are JSON and are not parsed twice.
  if (!/["']?kind["']?\s*:\s*["']?(?:Secret|SecretList|List)\b/.test(content)) return undefined
  const documents = plainDocuments(content)?.flatMap(itemsOf)
  if (documents === undefined || documents.length === 0) return undefined
  const secrets = documents.map(document => secret.safeParse(document).data)
  return secrets.every(one => one !== undefined) ? secrets.map(read) : undefined
}

/**
 * The value of the first of these keys that a file with Secrets has, or the file itself if it has no Secrets: so a credentials file
 * may also be the Secret that holds it.
 */
export function unwrapped(content: string, ...keys: readonly string[]): string {
  const secrets = parseSecrets(content) ?? []
  for (const key of keys) {
    const value = secrets.find(({ values }) => values.has(key))?.values.get(key)
    if (value !== undefined) return value
  }
  return content
}

function read({ metadata, type, data, stringData }: z.output<typeof secret>): KubernetesSecret {
  const encoded = entriesOf(data).map(([key, value]) => [key, decode(value)] as const)
  const decoded = encoded.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]))
  return {
    name: metadata?.name ?? '',
    type: type ?? 'Opaque',
    values: new Map([...decoded, ...entriesOf(stringData)]),
    undecodable: encoded.flatMap(([key, value]) => (value === undefined ? [key] : [])),
  }
}

function entriesOf(map: z.output<typeof texts>): [string, string][] {
  return Object.entries(map ?? {}).map(([key, value]) => [key, value ?? ''])
}

function decode(value: string): string | undefined {
  const bare = value.replace(/\s/g, '')
  const isBase64 = /^[A-Za-z0-9+/]*={0,2}$/.test(bare) && bare.length % 4 === 0
  return isBase64 ? Buffer.from(bare, 'base64').toString('utf8') : undefined
}

function plainDocuments(content: string): unknown[] | undefined {
  try {
    const documents = parseAllDocuments(content, { schema: 'core', logLevel: 'silent' })
    if ('empty' in documents || documents.some(({ errors }) => errors.length > 0)) return undefined
    return documents.map(document => document.toJS() as unknown).filter(plain => plain !== null)
  } catch {
    return undefined
  }
}

function itemsOf(document: unknown): unknown[] {
  const isList = typeof document === 'object' && document !== null && 'items' in document
  return isList && Array.isArray(document.items) ? (document.items as unknown[]) : [document]
}

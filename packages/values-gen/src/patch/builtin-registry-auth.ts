import { isDeepStrictEqual } from 'node:util'
import { type Login, GpregError, Sensitive } from '@gpreg/oci'
import { isMap, isScalar, isSeq, parseAllDocuments, type Document, type YAMLMap } from 'yaml'
import { z } from 'zod'
import { authEntry, authKeys } from '../secrets/docker-config.ts'

const NAME = 'builtin-registry-auth'
const KEY = '.dockerconfigjson'

const dockerConfig = z.looseObject({ auths: z.record(z.string(), z.unknown()).default({}) })

/** A Secret of that name, and whether its document has no syntax error. */
interface AuthSecret {
  readonly map: YAMLMap
  readonly isWhole: boolean
}

/** A piece of the YAML text, and the text that replaces it. */
interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/**
 * Adds the login of a mirror to the docker config of the in-cluster registry, in the manifests that `gitpod-installer render`
 * wrote. registry-facade and blobserve pull from the mirror with this docker config, but the installer writes only the login of
 * the in-cluster registry into it. Every other byte stays as it is. A second call changes nothing.
 * @throws `input-invalid`; the error contains nothing of the manifests, because they hold secrets
 */
export function patchBuiltinRegistryAuth(
  renderedYaml: string,
  host: string,
  login: Login,
): { readonly yaml: Sensitive; readonly changed: number } {
  const secrets = parseAllDocuments(renderedYaml).flatMap(authSecrets)
  if (secrets.length === 0) {
    throw new GpregError('input-invalid', `there is no Secret ${NAME} in the manifests`, {
      hint: 'the in-cluster registry is off: put the login into the Secret that containerRegistry.external names',
    })
  }
  const edits = secrets.flatMap(secret => editFor(secret, renderedYaml, host, login))
  const yaml = edits.reduceRight(
    (all, { start, end, text }) => all.slice(0, start) + text + all.slice(end),
    renderedYaml,
  )
  return { yaml: new Sensitive(yaml), changed: edits.length }
}

/** The Secrets in a document: the document itself, or items of a List. */
function authSecrets(document: Document): AuthSecret[] {
  if (!isMap(document.contents)) return []
  const items = document.get('items')
  const maps = isSeq(items) ? items.items : [document.contents]
  return maps
    .filter(isMap)
    .filter(map => map.get('kind') === 'Secret' && map.getIn(['metadata', 'name']) === NAME)
    .map(map => ({ map, isWhole: document.errors.length === 0 }))
}

/** `stringData` comes before `data`, because Kubernetes lets it win. */
function editFor({ map, isWhole }: AuthSecret, stream: string, host: string, login: Login): Edit[] {
  const isPlain = map.hasIn(['stringData', KEY])
  const node = map.getIn([isPlain ? 'stringData' : 'data', KEY], true)
  const config = isScalar(node) ? decode(node.value, isPlain) : undefined
  if (!isScalar(node) || config === undefined || !isWhole) {
    throw new GpregError('input-invalid', `the Secret ${NAME} holds no docker config in data.${KEY}`, {
      hint: 'give the manifests as gitpod-installer render writes them',
    })
  }
  const entry = authEntry(login)
  const auths = { ...config.auths, ...Object.fromEntries(authKeys(host).map(key => [key, entry])) }
  if (isDeepStrictEqual(auths, config.auths)) return []
  const [start, end] = node.range!
  const json = JSON.stringify({ ...config, auths })
  const text = written(isPlain ? json : encode(json), stream.slice(start, end))
  return [{ start, end, text }]
}

/** A block scalar: its header with a comment, blank lines, the indentation of its first line, its lines, and blanks at its end. */
const BLOCK = /^([|>].*\r?\n\s*?)([ \t]+)\S[^]*?(\s*)$/

/** A value of one line in the style of the one that it replaces. A plain docker config needs quotes to stay a text. */
function written(value: string, before: string): string {
  const [, header, indent, end] = BLOCK.exec(before) ?? []
  if (header !== undefined) return `${header}${indent}${value}${end}`
  if (before.startsWith("'")) return `'${value.replaceAll("'", "''")}'`
  return before.startsWith('"') || value.startsWith('{') ? JSON.stringify(value) : value
}

function decode(value: unknown, isPlain: boolean): z.output<typeof dockerConfig> | undefined {
  try {
    const text = isPlain ? String(value) : Buffer.from(String(value), 'base64').toString('utf8')
    return dockerConfig.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64')
}

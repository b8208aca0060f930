import { isDeepStrictEqual } from 'node:util'
import { type Login, GpregError, Sensitive } from '@gpreg/oci'
import { isScalar, parseAllDocuments, type Document } from 'yaml'
import { z } from 'zod'
import { authEntry, authKeys } from '../secrets/docker-config.ts'

const NAME = 'builtin-registry-auth'
const KEY = '.dockerconfigjson'

const dockerConfig = z.looseObject({ auths: z.record(z.string(), z.unknown()).default({}) })

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
  const secrets = parseAllDocuments(renderedYaml).filter(isAuthSecret)
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

function isAuthSecret(document: Document): boolean {
  return document.get('kind') === 'Secret' && document.getIn(['metadata', 'name']) === NAME
}

function editFor(secret: Document, stream: string, host: string, login: Login): Edit[] {
  const node = secret.getIn(['data', KEY], true)
  const config = isScalar(node) ? decode(node.value) : undefined
  if (!isScalar(node) || config === undefined || secret.errors.length > 0) {
    throw new GpregError('input-invalid', `the Secret ${NAME} holds no docker config in data.${KEY}`, {
      hint: 'give the manifests as gitpod-installer render writes them',
    })
  }
  const entry = authEntry(login)
  const auths = { ...config.auths, ...Object.fromEntries(authKeys(host).map(key => [key, entry])) }
  if (isDeepStrictEqual(auths, config.auths)) return []
  const [start, end] = node.range!
  // The range of a YAML block scalar includes the line break at its end, which must stay.
  const lineEnd = /\r?\n$/.exec(stream.slice(start, end))?.[0] ?? ''
  return [{ start, end, text: encode({ ...config, auths }) + lineEnd }]
}

function decode(value: unknown): z.output<typeof dockerConfig> | undefined {
  try {
    return dockerConfig.parse(JSON.parse(Buffer.from(String(value), 'base64').toString('utf8')))
  } catch {
    return undefined
  }
}

function encode(config: object): string {
  return Buffer.from(JSON.stringify(config)).toString('base64')
}

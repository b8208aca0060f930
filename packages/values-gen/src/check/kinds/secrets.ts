import { isHostLike, parseDockerConfig } from '@gpreg/oci/engine'
import type { KubernetesSecret } from '../../secrets/kubernetes-secret.ts'
import type { RuleCode } from '../rules.ts'

/** What is wrong with one Secret: a rule, the key below `data` if it is about one, and the words. */
export interface SecretFault {
  readonly code: RuleCode
  readonly key?: string
  readonly message: string
  readonly hint: string
}

const DOCKER_KEYS: Readonly<Record<string, string>> = {
  'kubernetes.io/dockerconfigjson': '.dockerconfigjson',
  'kubernetes.io/dockercfg': '.dockercfg',
}

/** The keys of each Secret that the installer names, as its `validate cluster` looks for them. */
const KEY_SETS: readonly (readonly string[])[] = [
  ['s3AccessKey', 's3SecretKey'],
  ['accessKeyId', 'secretAccessKey'],
  ['service-account.json'],
  ['accountName', 'accountKey'],
  ['ca.crt'],
  ['tls.crt', 'tls.key'],
  ['encryptionKeys', 'host', 'password', 'port', 'username'],
  ['credentials.json', 'encryptionKeys', 'password', 'username'],
  ['provider'],
  ['license'],
  ['username', 'password'],
]

/** Keys of Secrets of which any one will do: the proxy's and the SSH gateway's. */
const FREE_KEYS = /^(?:httpProxy|httpsProxy|noProxy|ssh[-_].*|id_.*)$/i

/** Checks type and keys of a Secret. No value of it is in a fault. */
export function secretFaults(secret: KubernetesSecret): SecretFault[] {
  const broken = secret.undecodable.map(key => ({
    code: 'secret-data' as const,
    key,
    message: 'this is no base64',
    hint: 'write the value as base64, or as it is below stringData',
  }))
  if (broken.length > 0) return broken
  const wanted = DOCKER_KEYS[secret.type]
  const held = wanted ?? Object.values(DOCKER_KEYS).find(key => secret.values.has(key))
  return held === undefined ? keyFaults(secret) : dockerFaults(secret, held, wanted !== undefined)
}

function dockerFaults({ type, values }: KubernetesSecret, key: string, isTyped: boolean): SecretFault[] {
  const content = values.get(key)
  if (content === undefined)
    return [
      { code: 'secret-data', message: `a Secret of the type ${type} has the key ${key}`, hint: `add ${key}` },
    ]
  const untyped: SecretFault[] = isTyped
    ? []
    : [
        {
          code: 'secret-type',
          message: `with the type ${type} no node pulls with this`,
          hint: `write type: ${Object.keys(DOCKER_KEYS).find(one => DOCKER_KEYS[one] === key)!}`,
        },
      ]
  try {
    const { auths } = parseDockerConfig(content, key)
    return [...untyped, ...loginFaults(key, hostsIn(content), auths.size)]
  } catch {
    const hint = 'put a docker config there: {"auths": {"HOST": {"auth": BASE64}}}'
    return [...untyped, { code: 'secret-data', key, message: 'this holds no docker config', hint }]
  }
}

function loginFaults(key: string, hosts: readonly string[], logins: number): SecretFault[] {
  if (logins === 0)
    return [{ code: 'secret-logins', key, message: 'this holds no login', hint: 'add one below auths' }]
  // image-builder looks its logins up by the bare host; only the key of Docker Hub has a scheme and a path.
  return hosts
    .filter(host => host !== 'https://index.docker.io/v1/' && (host.includes('/') || !isHostLike(host)))
    .map(host => ({
      code: 'secret-logins',
      key,
      message: `${JSON.stringify(host)} is not the bare host of a registry, by which image builds look a login up`,
      hint: 'write host[:port], without a scheme and a path',
    }))
}

function hostsIn(content: string): string[] {
  const document = JSON.parse(content) as { auths?: object }
  return Object.keys(document.auths ?? document)
}

function keyFaults({ values }: KubernetesSecret): SecretFault[] {
  const keys = [...values.keys()]
  const has = (key: string) => keys.includes(key)
  if (KEY_SETS.some(set => set.every(has)) || keys.some(key => FREE_KEYS.test(key))) return []
  const part = KEY_SETS.find(set => set.some(has))
  if (part === undefined)
    return [
      {
        code: 'secret-keys',
        message: `the installer looks for no Secret with ${keys.length === 0 ? 'no keys' : `the keys ${keys.join(', ')}`}`,
        hint: 'see `gpreg values --secrets DIR` for the keys of each Secret',
      },
    ]
  const missing = part.filter(key => !has(key))
  const message = `next to ${part.filter(has).join(', ')} the installer looks for ${missing.join(', ')}`
  return [{ code: 'secret-keys', message, hint: `add ${missing.join(', ')}` }]
}

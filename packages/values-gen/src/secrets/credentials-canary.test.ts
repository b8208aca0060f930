import { inspect } from 'node:util'
import { parseServiceAccountKey, serviceAccountLogin } from '@gpreg/core'
import { expect, it } from 'vitest'
import { envVariables, formatEnv } from '../env/envvars.ts'
import type { Choice } from '../installation/choice.ts'
import { planInstallation } from '../installation/installation.ts'
import { kotsConfigValues } from '../kots/config-values.ts'
import { patchBuiltinRegistryAuth } from '../patch/builtin-registry-auth.ts'
import { parseTerraformOutputs } from '../terraform/outputs.ts'
import { parseAccessKey, parseLogin, parseStorageAccount } from './credentials.ts'
import { secretManifests } from './manifests.ts'
import type { SecretValues } from './values.ts'

const CANARY = 'Y2FuYXJ5'
/** The canary as plain text, and in base64 at each of its three alignments, as Secrets and docker configs contain it. */
const TRACES = [
  CANARY,
  ...['', 'a', 'aa'].map(pad =>
    Buffer.from(pad + CANARY)
      .toString('base64')
      .slice(4, 10),
  ),
]

const key = JSON.stringify({
  type: 'service_account',
  project_id: 'p',
  client_email: 'e',
  private_key: CANARY,
})
const login = parseLogin(JSON.stringify({ username: 'u', password: CANARY }), 'r.internal', 'f')
const accessKey = parseAccessKey(JSON.stringify({ accessKeyId: 'id', secretAccessKey: CANARY }), 'f')
const account = parseServiceAccountKey(key, 'f')
const storage = parseStorageAccount('name', CANARY, 'f')

const mirror = { mirror: 'm.internal/g', privateCa: true } as const
const cases: readonly (readonly [Choice, SecretValues])[] = [
  [
    { kind: 'in-cluster', ...mirror, allowHosts: ['a.io'] },
    { mirror: login, ca: CANARY },
  ],
  [
    { kind: 'aws', region: 'r', bucket: 'b', ...mirror, dropImageRepo: true },
    { registryStorage: accessKey, storage: accessKey, mirror: login },
  ],
  [
    { kind: 'gcp', project: 'p', region: 'r', ...mirror },
    { registry: serviceAccountLogin(account), storage: account, mirror: login },
  ],
  [
    { kind: 'azure', registry: 'x.azurecr.io', region: 'r', ...mirror },
    { registry: login, storage, mirror: login },
  ],
]
const config = Buffer.from('{"auths":{}}').toString('base64')
const rendered = `kind: Secret\nmetadata: {name: builtin-registry-auth}\ndata: {.dockerconfigjson: ${config}}\n`

const terraform = (outputs: object) =>
  parseTerraformOutputs(
    JSON.stringify(Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, { value }]))),
    'f',
  )
const bucket = {
  region: 'r',
  endpoint: 'e',
  bucket_name: 'b',
  access_key_id: 'id',
  secret_access_key: CANARY,
}

it.each<[string, unknown]>([
  ['credentials', [login, accessKey, account, storage, serviceAccountLogin(account)]],
  ...cases.flatMap(([choice, values]): [string, unknown][] => {
    const installation = planInstallation(choice)
    return [
      [`Secrets ${choice.kind}`, secretManifests(installation, values)],
      [`KOTS ${choice.kind}`, kotsConfigValues(installation, values)],
      [`variables ${choice.kind}`, [envVariables(installation), formatEnv(envVariables(installation))]],
    ]
  }),
  ['manifests', patchBuiltinRegistryAuth(rendered, 'm.internal', login)],
  ['eks', terraform({ storage: bucket, registry_backend: bucket })],
  [
    'gke',
    terraform({
      registry: { url: 'gcr.io/p', username: '_json_key', password: key },
      storage: { region: 'r', project: 'p', service_account_key: key },
    }),
  ],
  [
    'aks',
    terraform({
      registry: { server: 's', username: 'u', password: CANARY },
      storage: { storage_region: 'r', account_name: 'n', account_key: CANARY },
    }),
  ],
])('%s show no secret when they are printed', (_, value) => {
  const shown = `${String(value)} ${JSON.stringify(value)} ${inspect(value, { depth: 9, showHidden: true })}`
  for (const trace of TRACES) expect(shown).not.toContain(trace)
})

it('the results contain the secret when it is revealed', () => {
  const [choice, values] = cases[1]!
  expect(kotsConfigValues(planInstallation(choice), values).reveal()).toContain(CANARY)
  const { yaml } = patchBuiltinRegistryAuth(rendered, 'm.internal', login)
  expect(TRACES.some(trace => yaml.reveal().includes(trace))).toBe(true)
})

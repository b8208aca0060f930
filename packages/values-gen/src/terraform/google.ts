import { isServiceAccountKey, serviceAccountLogin, type ServiceAccountKey } from '@gpreg/core'
import { Sensitive } from '@gpreg/oci'
import { z } from 'zod'
import type { PartialChoice } from '../installation/choice.ts'
import type { SecretValues } from '../secrets/values.ts'
import type { Outputs, TerraformOutputs } from './shapes.ts'
import { ifCreated, text } from './shapes.ts'

/**
 * The k3s module gives paths of key files, the gke module gives the keys.
 * https://github.com/gitpod-io/gitpod/blob/release-2022.11.3/install/infra/modules/gke/output.tf
 * https://github.com/gitpod-io/gitpod/blob/release-2022.11.3/install/infra/modules/k3s/output.tf
 */
const module = z.object({
  registry: ifCreated(
    z.object({
      url: text,
      username: z.literal('_json_key'),
      password: text.optional(),
      password_file_path: text.optional(),
    }),
  ),
  storage: ifCreated(
    z.object({
      region: text,
      project: text,
      service_account_key: text.optional(),
      service_account_key_path: text.optional(),
    }),
  ),
})
type Module = z.output<typeof module>

export function readGoogle(outputs: Outputs): TerraformOutputs | undefined {
  const found = module.safeParse(outputs)
  if (!found.success) return undefined
  const { registry, storage } = found.data
  const values = valuesOf(found.data)
  const files = {
    ...(registry?.password_file_path === undefined ? {} : { registry: registry.password_file_path }),
    ...(storage?.service_account_key_path === undefined ? {} : { storage: storage.service_account_key_path }),
  }
  const isKeyMissing = (role: 'registry' | 'storage') =>
    found.data[role] !== undefined && values[role] === undefined && files[role] === undefined
  return {
    choice: choiceOf(found.data),
    values,
    files,
    notes: [
      ...(storage === undefined
        ? ['Terraform made no bucket for the object storage: it stays as it is']
        : []),
      ...(registry === undefined
        ? [
            `Terraform made no registry: gcr.io/${storage?.project} is taken; give its login with --service-account-key`,
          ]
        : []),
      ...(isKeyMissing('registry') || isKeyMissing('storage')
        ? ['the outputs do not hold the key of the service account: give it with --service-account-key']
        : []),
    ],
  }
}

function choiceOf({ registry, storage }: Module): PartialChoice {
  if (storage === undefined) return { kind: 'external', ...(registry && { registry: registry.url }) }
  const { project, region } = storage
  return { kind: 'gcp', project, region, ...(registry && { registryHost: registry.url }) }
}

function valuesOf({ registry, storage }: Module): SecretValues {
  const login = keyIn(registry?.password)
  const key = keyIn(storage?.service_account_key)
  return {
    ...(login && { registry: serviceAccountLogin(login) }),
    ...(key && { storage: key }),
  }
}

/** The key of a service account, or undefined. The modules of 2022.08 output a sentence that asks for the key in place of the key. */
function keyIn(content: string | undefined): ServiceAccountKey | undefined {
  return content !== undefined && isServiceAccountKey(content) ? { json: new Sensitive(content) } : undefined
}

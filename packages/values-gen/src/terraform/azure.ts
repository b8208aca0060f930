import { Sensitive } from '@gpreg/oci'
import { z } from 'zod'
import type { Outputs, TerraformOutputs } from './shapes.ts'
import { ifCreated, text } from './shapes.ts'

/** https://github.com/gitpod-io/gitpod/blob/release-2022.11.3/install/infra/modules/aks/output.tf */
const module = z.object({
  registry: ifCreated(z.object({ server: text, username: text, password: text })),
  storage: ifCreated(z.object({ storage_region: text, account_name: text, account_key: text })),
})

export function readAzure(outputs: Outputs): TerraformOutputs | undefined {
  const found = module.safeParse(outputs)
  if (!found.success) return undefined
  const { registry, storage } = found.data
  const login = registry && { username: registry.username, password: new Sensitive(registry.password) }
  const account = storage && {
    accountName: storage.account_name,
    accountKey: new Sensitive(storage.account_key),
  }
  return {
    choice:
      storage === undefined
        ? { kind: 'external', ...(registry && { registry: registry.server }) }
        : { kind: 'azure', region: storage.storage_region, ...(registry && { registry: registry.server }) },
    values: { ...(login && { registry: login }), ...(account && { storage: account }) },
    files: {},
    notes: [
      ...(storage === undefined
        ? ['Terraform made no storage account: the object storage stays as it is']
        : []),
      ...(registry === undefined ? ['Terraform made no registry: name one with --registry'] : []),
    ],
  }
}

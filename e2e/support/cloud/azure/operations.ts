import { memoryVault } from '@gpreg/core/provider'
import { digestOf } from '@gpreg/oci'
import { createAcrImporter } from '@gpreg/provider-azure'
import type { OpenAzure } from './provisioning.ts'
import { GROUP } from './subscription.ts'

/** Brings an Azure into the state in which a call comes next, and returns the work that makes this call. */
type Scene = (azure: OpenAzure) => Promise<() => Promise<unknown>>

const EXISTING = 'gitpodimages'

function withRegistry(azure: OpenAzure, adminUserEnabled: boolean): void {
  azure.subscription.polls = 0
  const input = { location: 'westeurope', sku: { name: 'Premium' }, properties: { adminUserEnabled } }
  azure.subscription.put(GROUP, EXISTING, input)
  azure.subscription.poll(EXISTING)
}

const changes: Scene = async azure => () => azure.provider().changes(azure.context)
const apply: Scene = async azure => () => azure.provider().apply(azure.context)

/** The importer of a registry that is there. */
const importer = (azure: OpenAzure) => {
  const { resourceManager, certificates, context } = azure
  return createAcrImporter(`${EXISTING}.azurecr.io`, { resourceManager, ca: [certificates.ca] }, context)
}

const importing: Scene = async azure => {
  withRegistry(azure, true)
  const { import: fetch } = await importer(azure)
  const source = { host: '203.0.113.5', repository: 'app', digest: digestOf(Buffer.from('x')) }
  return () => fetch({ source, target: { repository: 'app', tag: '1' } }, azure.context)
}

const finding: Scene = async azure => {
  withRegistry(azure, true)
  return () => importer(azure)
}

/** Every call that the provider of Azure makes to Resource Manager and to Entra, by its name in the fake. */
export const OPERATIONS: Readonly<Record<string, Scene>> = {
  'entra:configuration': changes,
  'entra:token': changes,
  list: changes,
  check: changes,
  create: apply,
  operation: apply,
  get: async azure => () => azure.provider({ name: EXISTING }).changes(azure.context),
  async update(azure) {
    withRegistry(azure, false)
    return () => azure.provider({ name: EXISTING }).apply(azure.context)
  },
  async listCredentials(azure) {
    withRegistry(azure, true)
    return () => azure.provider({ name: EXISTING }).changes(azure.context)
  },
  async regenerate(azure) {
    const vault = memoryVault()
    await azure.provider({ vault }).apply(azure.context)
    return () => azure.provider({ vault, rotate: true }).apply(azure.context)
  },
  async delete(azure) {
    await azure.provider().apply(azure.context)
    return () => azure.provider().destroy(azure.context)
  },
  subscriptions: finding,
  listAll: finding,
  import: importing,
}

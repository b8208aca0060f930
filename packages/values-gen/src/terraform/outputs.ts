import { GpregError } from '@gpreg/oci'
import { z } from 'zod'
import { readAws } from './aws.ts'
import { readAzure } from './azure.ts'
import { readGoogle } from './google.ts'
import { isCreated, type Outputs, type TerraformOutputs } from './shapes.ts'

const OURS = ['registry', 'registry_backend', 'storage']

/** https://developer.hashicorp.com/terraform/cli/commands/output */
const document = z.record(z.string(), z.object({ value: z.unknown() }))

/**
 * Reads the text that `terraform output -json` prints for Gitpod's own modules (gke, eks, aks, k3s). The fields of the outputs
 * tell which cloud the modules are for.
 * @throws `input-invalid`; the error contains nothing of the outputs, because they hold secrets
 */
export function parseTerraformOutputs(text: string, path: string): TerraformOutputs {
  const outputs = valuesIn(text, path)
  const isOurs = OURS.some(name => name in outputs)
  const found = readNothing(outputs) ?? readAws(outputs) ?? readGoogle(outputs) ?? readAzure(outputs)
  if (!isOurs || found === undefined) {
    throw new GpregError('input-invalid', `${path} has no outputs of Gitpod's Terraform modules`, {
      path,
      hint: 'outputs named registry and storage are looked for, as install/infra/single-cluster has them',
    })
  }
  const domain = z.string().min(1).safeParse(outputs['url'])
  return domain.success ? { ...found, choice: { ...found.choice, domain: domain.data } } : found
}

function readNothing(outputs: Outputs): TerraformOutputs | undefined {
  if (OURS.some(name => isCreated(outputs[name]))) return undefined
  const notes = ['Terraform made no registry and no storage: both stay in the cluster']
  return { choice: { kind: 'in-cluster' }, values: {}, files: {}, notes }
}

function valuesIn(text: string, path: string): Outputs {
  try {
    const outputs = Object.entries(document.parse(JSON.parse(text)))
    return Object.fromEntries(outputs.map(([name, { value }]) => [name, value]))
  } catch {
    throw new GpregError('input-invalid', `${path} is not what terraform output -json prints`, {
      path,
      hint: 'run terraform output -json, without the name of an output',
    })
  }
}

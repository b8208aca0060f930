import type { AccessKey } from '@gpreg/core'
import { Sensitive } from '@gpreg/oci'
import { z } from 'zod'
import { isEcr } from '../installation/address.ts'
import type { PartialChoice } from '../installation/choice.ts'
import type { Outputs, TerraformOutputs } from './shapes.ts'
import { ifCreated, text } from './shapes.ts'

const bucket = z.object({
  region: text,
  endpoint: text,
  bucket_name: text,
  access_key_id: text,
  secret_access_key: text,
})
type Bucket = z.output<typeof bucket>

/** https://github.com/gitpod-io/gitpod/blob/release-2022.11.3/install/infra/modules/eks/output.tf */
const module = z.object({
  registry: ifCreated(z.object({ server: text.refine(isEcr) })),
  registry_backend: ifCreated(bucket),
  storage: ifCreated(bucket),
})

export function readAws(outputs: Outputs): TerraformOutputs | undefined {
  const found = module.safeParse(outputs)
  if (!found.success) return undefined
  const { registry, registry_backend: backend, storage } = found.data
  if (registry === undefined && backend === undefined && storage === undefined) return undefined
  const notes = [
    ...(registry === undefined ? [] : ['the registry on ECR is not used: its logins last 12 hours']),
    ...(storage === undefined ? ['Terraform made no bucket for the object storage: it stays as it is'] : []),
    ...(backend === undefined && storage !== undefined
      ? [
          `Terraform made no bucket for the registry: it shares ${storage.bucket_name} with the object storage`,
        ]
      : []),
  ]
  const registryBucket = backend ?? storage
  return {
    choice: choiceOf(registryBucket, storage),
    values: {
      ...(registryBucket && { registryStorage: accessKey(registryBucket) }),
      ...(storage && { storage: accessKey(storage) }),
    },
    files: {},
    notes,
  }
}

function choiceOf(registry: Bucket | undefined, storage: Bucket | undefined): PartialChoice {
  if (registry === undefined) return { kind: 'in-cluster' }
  const { bucket_name: bucket, region } = registry
  const endpoint = regionalEndpoint(registry)
  if (storage === undefined)
    return { kind: 'in-cluster', s3: { bucket, region, ...(endpoint && { endpoint }) } }
  const storageEndpoint = regionalEndpoint(storage)
  return {
    kind: 'aws',
    region: storage.region,
    bucket,
    registryRegion: region,
    ...(endpoint && { registryEndpoint: endpoint }),
    storageBucket: storage.bucket_name,
    ...(storageEndpoint && { storageEndpoint }),
  }
}

/** Undefined for the global endpoint (modules of 2022.08), because it refuses other regions. The region's own is then the default. */
function regionalEndpoint({ endpoint }: Bucket): string | undefined {
  return endpoint === 's3.amazonaws.com' ? undefined : endpoint
}

function accessKey({ access_key_id, secret_access_key }: Bucket): AccessKey {
  return { accessKeyId: access_key_id, secretAccessKey: new Sensitive(secret_access_key) }
}

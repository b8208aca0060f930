import { z } from 'zod'
import { GpregError, type Login, Sensitive } from '@gpreg/oci'
import type { ServiceAccountKey } from './login.ts'

const text = z.string().min(1)
const keyFile = z.object({
  type: z.literal('service_account'),
  project_id: text,
  client_email: text,
  private_key: text,
})

/**
 * Reads the key of a Google service account. https://cloud.google.com/iam/docs/keys-create-delete
 * @throws `input-invalid`; the error shows nothing of the file
 */
export function parseServiceAccountKey(content: string, path: string): ServiceAccountKey {
  if (isServiceAccountKey(content)) return { json: new Sensitive(content) }
  throw new GpregError('input-invalid', `${path} is not the key of a service account`, {
    path,
    hint: 'give the JSON that `gcloud iam service-accounts keys create` writes',
  })
}

export function isServiceAccountKey(content: string): boolean {
  return parse(content) !== undefined
}

/** The email address of the service account that the key belongs to. */
export function serviceAccountEmail({ json }: ServiceAccountKey): string | undefined {
  return parse(json.reveal())?.client_email
}

/** The login for Google's registries with this key. https://cloud.google.com/artifact-registry/docs/docker/authentication#json-key */
export function serviceAccountLogin({ json }: ServiceAccountKey): Login {
  return { username: '_json_key', password: oneLine(json) }
}

/** The same JSON without line breaks. They can be removed, because line breaks inside JSON strings are escaped. */
export function oneLine(json: Sensitive): Sensitive {
  return new Sensitive(json.reveal().replace(/[\r\n]/g, ''))
}

function parse(content: string): z.output<typeof keyFile> | undefined {
  try {
    return keyFile.safeParse(JSON.parse(content)).data
  } catch {
    return undefined
  }
}

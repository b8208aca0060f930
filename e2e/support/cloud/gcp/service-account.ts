import { generateKeyPairSync } from 'node:crypto'
import { parseServiceAccountKey, type ServiceAccountKey } from '@gpreg/core'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** Makes a service account key as `gcloud iam service-accounts keys create` writes it, with a real private key. */
export function serviceAccountKey(email: string): ServiceAccountKey {
  const [, domain] = email.split('@') as [string, string]
  const content = {
    type: 'service_account',
    project_id: domain.split('.', 1)[0],
    private_key_id: 'f2a1c0ffee',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    client_email: email,
    token_uri: 'https://oauth2.googleapis.com/token',
  }
  return parseServiceAccountKey(JSON.stringify(content, undefined, 2), 'key.json')
}

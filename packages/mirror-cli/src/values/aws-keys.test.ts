import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import ValuesAws from '../commands/values/aws.ts'
import { commandRuns } from '../testing/command-runs.ts'

const runs = commandRuns()

const MINIO = ['--registry-endpoint', 'minio.corp.example:9000']

it.each([
  ['of the bucket is that of the object storage in it', MINIO, []],
  ['goes to no other bucket', [...MINIO, '--storage-bucket', 'backups'], ['storage-s3']],
  ['goes to no other store', [...MINIO, '--storage-endpoint', 's3.internal'], ['storage-s3']],
])('the key %s', async (_, args, missing) => {
  const key = join(runs.directory, 'key.json')
  await writeFile(key, JSON.stringify({ accessKeyId: 'AKIA', secretAccessKey: 'canary' }))
  const common = ['--region', 'us-east-1', '--bucket', 'b', '--registry-credentials', key, '--json']
  await ValuesAws.run([...common, ...args], runs.config)
  const document = JSON.parse(runs.output) as { readonly missing: readonly { readonly name: string }[] }
  expect(document.missing.map(({ name }) => name)).toEqual(missing)
})

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import Images from '../commands/images.ts'
import ProvisionAws from '../commands/provision/aws.ts'
import ProvisionGcp from '../commands/provision/gcp.ts'
import Serve from '../commands/serve.ts'
import ValuesCheck from '../commands/values/check.ts'
import ValuesExternal from '../commands/values/external.ts'
import Verify from '../commands/verify.ts'
import { commandRuns } from '../testing/command-runs.ts'

const runs = commandRuns()

const TO = ['--to', 'registry.internal/gitpod']
const commands = {
  images: Images,
  'provision aws': ProvisionAws,
  'provision gcp': ProvisionGcp,
  serve: Serve,
  'values check': ValuesCheck,
  'values external': ValuesExternal,
  verify: Verify,
} as const

/** Flags that have no effect beside, or without, others. The second list names the flags that the message must name. */
const IDLE: readonly [keyof typeof commands, readonly string[], readonly string[]][] = [
  ['verify', ['--bundle', 'none.tar', ...TO, '--exclude', '*/two:1'], ['--bundle', '--exclude']],
  ['verify', ['--bundle', 'none.tar', ...TO, '--lock', 'none.json'], ['--bundle', '--lock']],
  ['verify', ['--bundle', 'none.tar', ...TO, '--naming', 'flat'], ['--bundle', '--naming']],
  ['verify', ['--image', 'redis', ...TO, '--key', 'pub.pem'], ['--bundle', '--key']],
  ['verify', ['--image', 'redis', ...TO, '--trusted-root', 'r.json'], ['--verify-key', '--trusted-root']],
  ['images', ['--image', 'redis', '--workspace-files', 'compose'], ['--workspace-repo']],
  ['values check', ['none.yaml', '--lock', 'none.json'], ['--mirror-check', '--lock none.json']],
  ['values check', ['none.yaml', '--exclude', '*'], ['--mirror-check', "--exclude '*'"]],
  ['values external', ['--registry', 'a.io/b', '--mirror-credentials', 'f'], ['--mirror,']],
  [
    'values external',
    ['--registry', 'a.io/b', '--format', 'kots', '--base', import.meta.filename, '--diff'],
    ['--base', '--format kots'],
  ],
  ['provision gcp', ['--project', 'p', '--location', 'l', '--rotate'], ['--rotate', 'Google Cloud']],
  [
    'provision aws',
    ['--region', 'r', '--s3-endpoint', 'https://s3.internal', '--rotate'],
    ['--rotate', 'IAM'],
  ],
  ['serve', ['none', '--gc', '--read-only'], ['--gc', '--read-only']],
  ['serve', ['none', '--gc', '--key', 'pub.pem'], ['--gc', '--key']],
]

it.each(IDLE)('%s refuses what would have no effect: %j', async (name, args, named) => {
  await runs.run(name, commands[name], [...args, '--json'])
  const { error } = JSON.parse(runs.output) as { readonly error: { readonly message: string } }
  expect(error).toMatchObject({ code: 'usage' })
  for (const flag of named) expect(error.message).toContain(flag)
})

it('values check takes the release without --mirror-check, because its rules depend on it', async () => {
  const file = join(runs.directory, 'gitpod.config.yaml')
  await writeFile(file, 'apiVersion: v1\ndomain: gitpod.example.com\n')
  await ValuesCheck.run([file, '--release', '2022.08.0', '--json'], runs.config)
  expect(JSON.parse(runs.output)).toMatchObject({ kind: 'ValuesCheck', release: '2022.08.0' })
})

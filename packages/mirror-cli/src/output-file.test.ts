import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import BundleLoad from './commands/bundle/load.ts'
import BundleSave from './commands/bundle/save.ts'
import Verify from './commands/verify.ts'
import { assertCreatable } from './output-file.ts'
import { commandRuns } from './testing/command-runs.ts'

const runs = commandRuns()

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpreg-output-'))
  await writeFile(join(directory, 'file'), 'no key and no directory')
})
afterAll(() => rm(directory, { recursive: true }))

it('a path can be made below directories that are not there yet, and not below a file', async () => {
  await assertCreatable(join(directory, 'a/b/c.tar'))
  await expect(assertCreatable(join(directory, 'file/a/b.tar'))).rejects.toMatchObject({
    code: 'storage',
    message: expect.stringMatching(/file\/a: a part of the path is no directory$/),
  })
  expect(await readdir(directory)).toEqual(['file'])
})

// No registry is there, so each of them would fail otherwise if it began with its work.
const IMAGE = ['--image', 'registry.invalid/a:1']
const TO = ['--to', 'registry.invalid/b']
it.each([
  ['bundle save', BundleSave, [...IMAGE, '-o', 'file/x.tar'], 'storage'],
  ['bundle save', BundleSave, [...IMAGE, '-o', 's3://bucket/x.tar'], 'usage'],
  ['bundle save', BundleSave, [...IMAGE, '-o', 'x.tar', '--sign-key', 'file'], 'input-invalid'],
  ['bundle load', BundleLoad, ['none.tar', ...TO, '--key', 'file'], 'input-invalid'],
  ['bundle load', BundleLoad, ['none.tar', ...TO, '--verify-key', 'file'], 'input-invalid'],
  ['bundle load', BundleLoad, ['none.tar', '--to-layout', 'file/x'], 'storage'],
  ['bundle load', BundleLoad, ['none.tar', ...TO, '--receipt', '-'], 'usage'],
  ['verify', Verify, [...IMAGE, ...TO, '--receipt', '-'], 'usage'],
  ['verify', Verify, [...IMAGE, ...TO, '--verify-key', 'file'], 'input-invalid'],
] as const)('gpreg %s looks at its files before the work: %#', async (name, command, args, code) => {
  const placed = args.map(arg => arg.replace(/^file/, join(directory, 'file')))
  await runs.run(name, command, [...placed, '--json'])
  expect(JSON.parse(runs.output)).toMatchObject({ error: { code } })
})

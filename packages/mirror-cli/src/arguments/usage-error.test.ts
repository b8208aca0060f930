import { expect, test } from 'vitest'
import BundleVerify from '../commands/bundle/verify.ts'
import Diff from '../commands/diff.ts'
import Lock from '../commands/lock.ts'
import Login from '../commands/login.ts'
import Mirror from '../commands/mirror.ts'
import Serve from '../commands/serve.ts'
import { commandRuns } from '../testing/command-runs.ts'

const runs = commandRuns()
const commands = {
  'bundle verify': BundleVerify,
  diff: Diff,
  lock: Lock,
  login: Login,
  mirror: Mirror,
  serve: Serve,
} as const

async function errorOf(name: keyof typeof commands, ...args: string[]) {
  await runs.run(name, commands[name], [...args, '--json'])
  const { error } = JSON.parse(runs.output) as { error: { code: string; message: string; hint: string } }
  expect(error.code).toBe('usage')
  expect(error.message).not.toContain('\n')
  return error
}

test('a missing argument is one line, and the next step an example', async () => {
  const { message, hint } = await errorOf('diff', 'release-2022.10.0')
  expect(message).toMatch(/^gpreg diff lacks B \(a release, .*\)$/)
  expect(hint).toBe('for example: gpreg diff release-2022.10.0 release-2022.11.3')
})

test('a missing flag is named with the form of its value', async () => {
  const { message, hint } = await errorOf('lock', '--image', 'redis')
  expect(message).toMatch(/^gpreg lock lacks --output FILE\|- \(/)
  expect(hint).toMatch(/^for example: gpreg lock .* -o /)
})

test.each([
  ['serve', ['--tls-cert', 'a.pem'], '--tls-cert wants --tls-key, too'],
  ['mirror', ['--to', 'a.b/c', '--to', 'd.e/f'], '--to was given twice'],
  [
    'mirror',
    ['--no-referrers', '--require-referrers'],
    '--require-referrers and --no-referrers exclude each other',
  ],
  ['mirror', ['--image'], '--image REF lacks its value'],
  ['mirror', ['--image', 'redis', 'alpine'], 'gpreg mirror takes no arguments, and got alpine'],
] as const)('gpreg %s %j', async (name, args, message) => {
  expect(await errorOf(name, ...args)).toMatchObject({ message })
})

test('the next step names the flags', async () => {
  expect((await errorOf('serve', '--tls-cert', 'a.pem')).hint).toBe('add --tls-key, or leave --tls-cert out')
})

test.each([
  ['serve', [''], 'PATH is empty'],
  ['bundle verify', ['a.tar', ' '], 'PATH is empty'],
  ['lock', ['--image', 'redis', '-o', ''], '--output is empty'],
  ['mirror', ['--lock', '', '--to', 'a.b/c'], '--lock is empty'],
  ['mirror', ['--image', 'redis', '--image=', '--to', 'a.b/c'], '--image is empty'],
] as const)('an empty value is refused: gpreg %s %j', async (name, args, message) => {
  expect(await errorOf(name, ...args)).toMatchObject({ message })
})

test.each([
  ['a.b', 'mirror', 'hunter2'],
  ['a.b', '-u', 'mirror', '-phunter2'],
  ['a.b', '-u', 'mirror', '-p', 'hunter2'],
  ['a.b', '-u', 'mirror', '--password=hunter2'],
])('a password is not repeated: gpreg login %s', async (...args) => {
  const { hint } = await errorOf('login', ...args)
  expect(hint).toContain('--password-stdin')
  expect(runs.output).not.toContain('hunter2')
})

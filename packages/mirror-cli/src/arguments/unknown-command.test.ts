import { expect, test } from 'vitest'
import { unknownCommand } from './unknown-command.ts'

const flags = { image: {}, to: {} }
const COMMANDS = [
  { id: 'bundle:load', args: { path: { name: 'PATH' } }, flags: {} },
  { id: 'bundle:save', args: {}, flags },
  { id: 'login', args: { host: { name: 'host' } }, flags: { 'password-stdin': {} } },
  { id: 'mirror', args: {}, flags },
  { id: 'provision:aws', args: {}, flags: {} },
  { id: 'provision:azure', args: {}, flags: {} },
  { id: 'serve', args: {}, flags: {} },
]

test.each([
  ['mirorr --to a.b/c', 'there is no command gpreg mirorr', 'did you mean gpreg mirror?'],
  ['bundle safe', 'there is no command gpreg bundle safe', 'did you mean gpreg bundle save?'],
  ['bundel save', 'there is no command gpreg bundel', 'did you mean gpreg bundle save?'],
  ['save', 'there is no command gpreg save', 'did you mean gpreg bundle save?'],
  [
    'provision ibm',
    'there is no command gpreg provision ibm',
    'gpreg provision is followed by one of aws, azure',
  ],
  ['provision aks', 'there is no command gpreg provision aks', 'did you mean gpreg provision azure?'],
  ['copy user:hunter2@a.b/c d.e/f', 'there is no command gpreg copy', 'did you mean gpreg mirror?'],
  ['help frobnicate', 'there is no command gpreg frobnicate', 'gpreg --help lists the commands'],
])('gpreg %s', (line, message, hint) => {
  expect(unknownCommand(line.split(' '), COMMANDS)).toMatchObject({ code: 'usage', message, hint })
})

test('says how images are named, if they follow as arguments', () => {
  const { message, hint } = unknownCommand(['mirror', 'redis:6', '--to', 'a.b/c'], COMMANDS)
  expect(message).toBe('gpreg mirror takes no arguments, and got redis:6')
  expect(hint).toContain('--image REF')
})

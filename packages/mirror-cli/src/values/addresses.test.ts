import { describe, expect, it } from 'vitest'
import Doctor from '../commands/doctor.ts'
import { hostOf } from '../flags/host.ts'
import Mirror from '../commands/mirror.ts'
import NodeConfig from '../commands/node-config.ts'
import ValuesAzure from '../commands/values/azure.ts'
import ValuesExternal from '../commands/values/external.ts'
import ValuesInCluster from '../commands/values/in-cluster.ts'
import ValuesPatch from '../commands/values/patch.ts'
import Verify from '../commands/verify.ts'
import { commandRuns } from '../testing/command-runs.ts'

const runs = commandRuns()

/** Reads the document that `--json` prints for a failure. */
const failureOf = (text: string): { readonly error: { readonly hint?: string } } => JSON.parse(text)

/** Every command that takes the address of a registry. */
const commands: Record<string, (address: string) => Promise<unknown>> = {
  'mirror --to': to => Mirror.run(['--image', 'redis', '--to', to, '--json'], runs.config),
  'verify --to': to => Verify.run(['--image', 'redis', '--to', to, '--json'], runs.config),
  doctor: registry => Doctor.run(['--json', '--', registry], runs.config),
  'node-config --to': to => NodeConfig.run(['--to', to, '--json'], runs.config),
  'values external --registry': registry =>
    ValuesExternal.run(['--registry', registry, '--json'], runs.config),
  'values azure --registry': registry =>
    ValuesAzure.run(['--registry', registry, '--region', 'r', '--json'], runs.config),
  'values in-cluster --mirror': mirror => ValuesInCluster.run(['--mirror', mirror, '--json'], runs.config),
  'values patch --mirror': mirror =>
    ValuesPatch.run(
      ['none.yaml', '--mirror', mirror, '--mirror-credentials', 'none.json', '-o', 'none', '--json'],
      runs.config,
    ),
}

describe.each(Object.keys(commands))('%s refuses, with the same message as all commands,', name => {
  it.each([
    ['registry.internal/gitpod//x', '"gitpod//x" is not a repository path'],
    [
      'registry.internal:99999/gitpod',
      'the port of "registry.internal:99999" is not a number from 1 to 65535',
    ],
    ['registry.internal:0', 'the port of "registry.internal:0" is not a number from 1 to 65535'],
    ['registry.internal:/x', 'the port of "registry.internal:" is not a number from 1 to 65535'],
    ['/registry.internal/x', '"" is not a host name'],
    ['registry.internal/Gitpod', 'addresses are lower case'],
    ['https://registry.internal/x', 'it has a scheme'],
    ['registry.internal/x:1.0', '"x:1.0" is not a repository path'],
  ])('%s', async (address, why) => {
    await commands[name]?.(address)
    const { error } = failureOf(runs.output)
    expect(error).toMatchObject({
      code: 'usage',
      message: `${JSON.stringify(address)} is not the address of a registry: ${why}`,
    })
    expect(process.exitCode).toBe(2)
  })
})

it('login reads a pasted URL, and refuses ports as other commands do', () => {
  expect(hostOf('https://registry.internal:5000/v2/')).toBe('registry.internal:5000')
  expect(hostOf('Registry.internal')).toBe('registry.internal')
  expect(() => hostOf('registry.internal:99999')).toThrow(/is not the address of a registry: the port of/)
  expect(() => hostOf('registry.internal/team')).toThrow(/is not host\[:port\]/)
})

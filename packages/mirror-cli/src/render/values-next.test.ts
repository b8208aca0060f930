import { Sensitive } from '@gpreg/oci'
import { completeChoice, generateValues, type Choice } from '@gpreg/values-gen'
import { describe, expect, it } from 'vitest'
import type { ValuesFlags } from '../flags/values.ts'
import { nextSteps } from './values-next.ts'

const choice: Choice = { kind: 'in-cluster', mirror: 'registry.internal/gitpod' }
const mirror = { username: 'pull', password: new Sensitive('x') }

function stepsFor(given: Partial<ValuesFlags>): string[] {
  const flags = { diff: false, format: 'installer', ...given } as ValuesFlags
  const generated = generateValues({
    choice: completeChoice(choice),
    values: { mirror },
    format: flags.format,
  })
  const written = generated.secrets.manifests.map(({ name, role }) => ({
    name,
    role,
    file: `s/${name}.yaml`,
  }))
  return nextSteps(generated, flags, flags.secrets === undefined ? [] : written)
}

describe('the next steps of gpreg values', () => {
  it('name the namespace, the release and the files that were given', () => {
    const steps = stepsFor({
      namespace: 'dev-tools',
      secrets: 'my secrets',
      output: 'out/config.yaml',
      release: '2022.08.0',
      'mirror-credentials': 'pull.json',
    })
    expect(steps).toEqual([
      "kubectl apply -n dev-tools -f 'my secrets'",
      'gpreg values check out/config.yaml --release 2022.08.0',
      'gitpod-installer render -c out/config.yaml -n dev-tools | gpreg values patch - --mirror registry.internal/gitpod --mirror-credentials pull.json -o rendered.yaml',
    ])
  })

  it('of KOTS install with the ConfigValues; nothing of KOTS is applied or rendered by hand', () => {
    const steps = stepsFor({ format: 'kots', namespace: 'gp', output: 'values.yaml', secrets: 's' })
    expect(steps).toEqual([
      'kubectl apply -n gp -f s',
      'gpreg values check values.yaml',
      'kubectl kots install gitpod -n gp --config-values values.yaml',
      expect.stringMatching(/^kubectl kots set config gitpod -n gp --config-file values\.yaml /),
    ])
  })

  it('of variables build the configuration before it is rendered', () => {
    const steps = stepsFor({ format: 'env', output: 'gitpod.env' })
    expect(steps.slice(1, 3)).toEqual([
      'gitpod-installer init > gitpod.config.yaml',
      '(set -a; . ./gitpod.env; GITPOD_INSTALLER_CONFIG=gitpod.config.yaml gitpod-installer config build-from-envvars)',
    ])
    expect(steps.at(-1)).toContain('render -c gitpod.config.yaml -n gitpod |')
    expect(steps.at(-1)).toContain('--mirror-credentials FILE')
  })

  it('apply no directory to which nothing was written', () => {
    expect(
      nextSteps(
        generateValues({ choice, values: {}, format: 'installer' }),
        { format: 'installer', secrets: 's' } as ValuesFlags,
        [],
      ),
    ).not.toContainEqual(expect.stringContaining('kubectl apply'))
  })
})

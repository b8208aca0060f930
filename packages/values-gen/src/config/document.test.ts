import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { parse } from 'yaml'
import type { Choice } from '../installation/choice.ts'
import { planInstallation } from '../installation/installation.ts'
import { changeConfig, writeConfig } from './document.ts'
import { configFields } from './fields.ts'

const fieldsOf = (choice: Choice) => configFields(planInstallation(choice))
const mirrored: Choice = { kind: 'in-cluster', mirror: 'registry.internal/gitpod' }

describe('a new configuration', () => {
  it('has the fields that the choice requires and no others', () => {
    expect(parse(writeConfig(fieldsOf({ kind: 'in-cluster', domain: 'gitpod.example.com' })))).toEqual({
      apiVersion: 'v1',
      domain: 'gitpod.example.com',
      containerRegistry: { inCluster: true },
    })
  })

  it('names the mirror in every field that needs it', () => {
    expect(parse(writeConfig(fieldsOf({ ...mirrored, privateCa: true })))).toEqual({
      apiVersion: 'v1',
      repository: 'registry.internal/gitpod',
      imagePullSecrets: [{ kind: 'secret', name: 'mirror-registry' }],
      containerRegistry: {
        inCluster: true,
        privateBaseImageAllowList: ['registry.internal', 'docker.io'],
      },
      workspace: { workspaceImage: 'registry.internal/gitpod/gitpod/workspace-full:latest' },
      customCACert: { kind: 'secret', name: 'ca-certificate' },
    })
  })

  it('explains fields in comments above them', () => {
    const text = writeConfig(fieldsOf(mirrored))
    expect(text).toMatch(/# .*gpreg values patch.*\n\s+inCluster: true/)
    expect(text).toMatch(/# .*nodes pull.*\n# gpreg:known facade-credentials\nimagePullSecrets:/)
  })
})

describe('an existing configuration', () => {
  const text = `# Installation of the tools team
domain:   gitpod.example.com   # asked for in CHG-1
containerRegistry:
    inCluster: false      # until the move
    external:
        url: "old.example.com"
        certificate: {kind: secret, name: old}
    privateBaseImageAllowList:
    - old.example.com   # needed by team blue

objectStorage:
    blobQuota: 1   # keep
workspace:
    # fuse does not work here
    runtime: { fsShiftMethod: shiftfs }
# the end
`

  it('keeps every line of any YAML, and adds its own', () => {
    const value = fc.oneof(
      fc.constantFrom(
        ...[
          '"\\u0065\\x41"',
          "'it''s'",
          '&a  b   # c',
          '!!str 1',
          '~',
          '0x10',
          '1e0',
          '[ a,  b ]',
          '{a:   b}',
        ],
        ...[
          '|\n   x\n  \n   y',
          '>-\n      folded\n      text',
          "'a\n   b'",
          'a b\n   c',
          '# c',
          '*top',
          '[1,\n  2]',
        ],
        ...['\n    x: "\\x41"   # c\n    y: {a:  1e0}', "\n- a\n-   'b'  # c\n-  c: 0x1\n   d: [ ]"],
      ),
      fc.string().map(text => JSON.stringify(text)),
    )
    const field = fc.tuple(fc.constantFrom(': ', ':   '), value)
    const fields = fc.array(fc.oneof(field, fc.constantFrom('# a comment', '', '   # another')), {
      maxLength: 6,
    })
    const start = fc.constantFrom('', '---\n', '# head\n\n')
    fc.assert(
      fc.property(start, fields, fc.constantFrom('\n', '\r\n'), (head, written, newline) => {
        const lines = written.map((one, index) =>
          typeof one === 'string' ? one : `k${index}${one.join('')}`,
        )
        const text = `${head}top: &top "\\x41"\n${lines.join('\n')}\nend: x\n`.replaceAll('\n', newline)
        const field = { path: ['repository'] as const, value: 'r.local/x' }
        expect(changeConfig(text, 'a.yaml', [field])).toBe(`${text}repository: r.local/x${newline}`)
      }),
      { numRuns: 300 },
    )
  })

  it('keeps every comment and every other field', () => {
    const changed = changeConfig(text, 'gitpod.config.yaml', fieldsOf(mirrored))
    for (const comment of text.match(/#.*/g)!) expect(changed).toContain(comment)
    expect(parse(changed)).toEqual({
      apiVersion: 'v1',
      domain: 'gitpod.example.com',
      repository: 'registry.internal/gitpod',
      imagePullSecrets: [{ kind: 'secret', name: 'mirror-registry' }],
      containerRegistry: {
        inCluster: true,
        privateBaseImageAllowList: ['old.example.com', 'registry.internal', 'docker.io'],
      },
      objectStorage: { blobQuota: 1 },
      workspace: {
        runtime: { fsShiftMethod: 'shiftfs' },
        workspaceImage: 'registry.internal/gitpod/gitpod/workspace-full:latest',
      },
    })
    const kept = text.split('\n').filter(line => !/inCluster|external|url:|certificate/.test(line))
    for (const line of kept) expect(changed.split('\n')).toContain(line)
  })

  it('does not change if the same fields are set a second time', () => {
    const once = changeConfig(text, 'gitpod.config.yaml', fieldsOf(mirrored))
    expect(changeConfig(once, 'gitpod.config.yaml', fieldsOf(mirrored))).toBe(once)
  })

  it('that has all fields already stays as it is written', () => {
    const odd = `apiVersion:    "v1"\ncontainerRegistry:   {inCluster:    true}\n`
    expect(changeConfig(odd, 'gitpod.config.yaml', fieldsOf({ kind: 'in-cluster' }))).toBe(odd)
  })

  it('loses the fields that contradict the new choice', () => {
    const s3 = writeConfig(fieldsOf({ kind: 'aws', region: 'eu-west-1', bucket: 'b' }))
    const fields = fieldsOf({ kind: 'azure', registry: 'x.azurecr.io', region: 'westeurope' })
    expect(parse(changeConfig(s3, 'gitpod.config.yaml', fields))).toEqual(parse(writeConfig(fields)))
  })

  it('may have keys without a value', () => {
    const fields = fieldsOf({ kind: 'in-cluster' })
    expect(parse(changeConfig('containerRegistry:\n', 'gitpod.config.yaml', fields))).toEqual({
      apiVersion: 'v1',
      containerRegistry: { inCluster: true },
    })
  })

  it.each(['- a list', 'a: [', 'just text'])('is refused if it is not a YAML map: %s', bad => {
    expect(() => changeConfig(bad, 'gitpod.config.yaml', [])).toThrowError(
      expect.objectContaining({ code: 'input-invalid' }),
    )
  })
})

it('quotes a text that YAML 1.1 would read as another type', () => {
  const fields = [{ path: ['metadata', 'region'] as const, value: 'no' }]
  expect(writeConfig(fields)).toBe('metadata:\n  region: "no"\n')
  expect(changeConfig('metadata: {}\n', '-', fields)).toContain('"no"')
})

describe('a field that moved', () => {
  const old = `experimental:
  # our own image
  webApp:
    server:
      workspaceDefaults:
        # built by team blue
        workspaceImage: registry.corp.example/base:1
      defaultBaseImageRegistryWhitelist: [registry.corp.example]
`

  it('goes to the place that the release reads, with its comment, and loses the empty maps above it', () => {
    const changed = changeConfig(old, '-', fieldsOf({ kind: 'in-cluster' }))
    expect(parse(changed)).toEqual({
      apiVersion: 'v1',
      containerRegistry: { inCluster: true, privateBaseImageAllowList: ['registry.corp.example'] },
      workspace: { workspaceImage: 'registry.corp.example/base:1' },
    })
    for (const comment of old.match(/#.*/g)!) expect(changed).toContain(comment)
    expect(changeConfig(changed, '-', fieldsOf({ kind: 'in-cluster' }))).toBe(changed)
  })

  it('goes back for a release before the move', () => {
    const changed = changeConfig('workspace: {workspaceImage: a.b/c}\n', '-', [], '2022.05.2')
    expect(parse(changed)).toEqual({
      experimental: { webapp: { server: { workspaceDefaults: { workspaceImage: 'a.b/c' } } } },
    })
  })

  it('is joined with a list that is there already', () => {
    const both = `${old}containerRegistry:\n  privateBaseImageAllowList: [quay.io]\n`
    expect(parse(changeConfig(both, '-', []))).toMatchObject({
      containerRegistry: { privateBaseImageAllowList: ['quay.io', 'registry.corp.example'] },
    })
  })
})

it('a key in another case of letters is changed where it stands', () => {
  const text = 'ContainerRegistry:\n  incluster: false\n  External: {url: a.b}\n'
  expect(parse(changeConfig(text, '-', fieldsOf({ kind: 'in-cluster' })))).toEqual({
    apiVersion: 'v1',
    ContainerRegistry: { incluster: true },
  })
})

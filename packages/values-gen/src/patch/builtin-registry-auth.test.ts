import { inspect } from 'node:util'
import { type Login, Sensitive } from '@gpreg/oci'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { patchBuiltinRegistryAuth } from './builtin-registry-auth.ts'

const login = (username: string, password: string): Login => ({ username, password: new Sensitive(password) })
const base64 = (text: string) => Buffer.from(text).toString('base64')
const own = { 'registry.gitpod.example.com': { auth: base64('random:random') } }
const config = base64(JSON.stringify({ auths: own }))

const before = `# v1/ServiceAccount ws-proxy
apiVersion: v1
kind:   ServiceAccount   # odd, but YAML
metadata:
  creationTimestamp: null
  name: ws-proxy
---
# v1/Secret builtin-registry-auth
apiVersion: v1
data:
  .dockerconfigjson: `
const after = `
  password: cmFuZG9t
  user: cmFuZG9t
kind: Secret
metadata:
  creationTimestamp: null
  name: builtin-registry-auth
  namespace: default
type: kubernetes.io/dockerconfigjson
---
# v1/ConfigMap gitpod-app
apiVersion: v1
kind: ConfigMap
data:
  app.yaml: |
    ---
    apiVersion: v1
    kind: Secret
    metadata:
      name: builtin-registry-auth
    ---
`
const rendered = before + config + after

const patched = (yaml: string, host: string, by: Login) => {
  const result = patchBuiltinRegistryAuth(yaml, host, by)
  return { ...result, yaml: result.yaml.reveal() }
}
const authsIn = (yaml: string) => {
  const secret = parseAllDocuments(yaml).find(document => document.get('kind') === 'Secret')
  const value = secret?.getIn(['data', '.dockerconfigjson']) as string
  return (JSON.parse(Buffer.from(value, 'base64').toString('utf8')) as { auths: object }).auths
}
const entry = (username: string, password: string) => ({
  username,
  password,
  auth: base64(`${username}:${password}`),
})

describe('the login of the mirror', () => {
  it('is added to the login of the in-cluster registry', () => {
    const { yaml, changed } = patched(rendered, 'mirror.internal:5000', login('pull', 'p:w'))
    expect(changed).toBe(1)
    expect(authsIn(yaml)).toEqual({ ...own, 'mirror.internal:5000': entry('pull', 'p:w') })
  })

  it('changes no other byte, and is not added a second time', () => {
    const text = fc.string({ minLength: 1, unit: 'grapheme' })
    fc.assert(
      fc.property(text, text, fc.constantFrom('\n', '\r\n'), (username, password, newline) => {
        const stream = rendered.replaceAll('\n', newline)
        const { yaml } = patched(stream, 'mirror.internal', login(username, password))
        const rest = (whole: string) => whole.replace(/(?<=dockerconfigjson: )\S+/, '')
        expect(rest(yaml)).toBe(rest(stream))
        expect(authsIn(yaml)).toEqual({ ...own, 'mirror.internal': entry(username, password) })
        expect(patched(yaml, 'mirror.internal', login(username, password))).toEqual({ yaml, changed: 0 })
      }),
    )
  })

  it('replaces an earlier login for the same host', () => {
    const once = patched(rendered, 'mirror.internal', login('pull', 'old')).yaml
    const { yaml, changed } = patched(once, 'mirror.internal', login('pull', 'new'))
    expect(changed).toBe(1)
    expect(authsIn(yaml)).toEqual({ ...own, 'mirror.internal': entry('pull', 'new') })
  })

  it('for Docker Hub is added under all three names', () => {
    const { yaml } = patched(rendered, 'docker.io', login('pull', 'pw'))
    expect(Object.keys(authsIn(yaml))).toEqual([
      ...Object.keys(own),
      'docker.io',
      'registry-1.docker.io',
      'https://index.docker.io/v1/',
    ])
  })

  it.each([
    `"${config}"`,
    `'${config}' # a comment`,
    `|-\n    ${config}`,
    `>\n    ${config}`,
    `|+ # a comment\n\n     ${config}\n\n`,
    `|2\n     ${config}`,
    `&login !!str ${config} # a comment`,
  ])('changes only the docker config itself where it is written as %j', written => {
    const stream = before + written + after
    const { yaml } = patched(stream, 'mirror.internal', login('pull', 'pw'))
    expect(authsIn(yaml)).toEqual({ ...own, 'mirror.internal': entry('pull', 'pw') })
    const [start, end] = stream.split(config)
    expect(yaml.startsWith(start!)).toBe(true)
    expect(yaml.endsWith(end!)).toBe(true)
    expect(yaml.slice(start!.length, -end!.length)).toMatch(/^[A-Za-z0-9+/]+=*$/)
  })

  it('changes nothing of any YAML around it', () => {
    const name = fc.stringMatching(/^[a-z]{1,9}$/)
    const value = fc.oneof(
      fc.constantFrom(
        "'it''s'",
        '"\\u0065\\x41"',
        '&a  b   # c',
        '!!str 1',
        '~',
        '0x10',
        '[ a,  b ]',
        '{ a:   b }',
        '|\n   x\n  \n',
        '>-\n      folded\n      text',
        "'a\n   b'",
      ),
      fc.string({ unit: 'grapheme' }).map(text => JSON.stringify(text)),
    )
    const field = fc.tuple(name, fc.constantFrom(': ', ':   ', ' : '), value).map(parts => parts.join(''))
    const lines = fc.array(fc.oneof(field, fc.constantFrom('# a comment', '', '   ')), { maxLength: 5 })
    const mark = fc.constantFrom('', '---\n', '%YAML 1.2\n--- # first\n', '# head\n\n---\n')
    const end = fc.constantFrom('', '\n', '\n...\n', '\n\n# end')
    fc.assert(
      fc.property(
        mark,
        lines,
        lines,
        end,
        fc.constantFrom('\n', '\r\n'),
        (start, above, below, last, newline) => {
          const [head, tail] = rendered.split(config)
          const parts = [
            start,
            ...above.map(line => `${line}\n`),
            `---\n${head}`,
            `${tail}---\n${below.join('\n')}${last}`,
          ]
          const stream = [...parts.slice(0, -1), config, ...parts.slice(-1)]
            .join('')
            .replaceAll('\n', newline)
          const { yaml } = patched(stream, 'mirror.internal', login('pull', 'pw'))
          const [before, after] = stream.split(config)
          expect([yaml.slice(0, before!.length), yaml.slice(-after!.length)]).toEqual([before, after])
        },
      ),
    )
  })

  it('is added to every Secret of that name', () => {
    const stream = `${rendered}---\n${rendered}`
    const { yaml, changed } = patched(stream, 'mirror.internal', login('pull', 'pw'))
    const one = patched(rendered, 'mirror.internal', login('pull', 'pw')).yaml
    expect([changed, yaml]).toEqual([2, `${one}---\n${one}`])
  })
})

describe('a Secret in another form', () => {
  const plain = JSON.stringify({ auths: own })
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'builtin-registry-auth' } }
  const merged = { ...own, 'mirror.internal': entry('pull', 'pw') }
  const patch = (text: string) => {
    const { yaml, changed } = patched(text, 'mirror.internal', login('pull', 'pw'))
    expect(changed).toBe(1)
    expect(patched(yaml, 'mirror.internal', login('pull', 'pw'))).toEqual({ yaml, changed: 0 })
    return yaml
  }

  it('is patched as an item of a List, in YAML and in JSON, which stays JSON', () => {
    const list = { apiVersion: 'v1', kind: 'List', items: [{ kind: 'Service' }, { ...secret, data: {} }] }
    list.items[1] = { ...secret, data: { '.dockerconfigjson': config } }
    for (const text of [stringify(list), JSON.stringify(list, undefined, 2)]) {
      const { items } = parse(patch(text)) as { items: { data?: Record<string, string> }[] }
      expect(JSON.parse(Buffer.from(items[1]!.data!['.dockerconfigjson']!, 'base64').toString())).toEqual({
        auths: merged,
      })
    }
    expect(() => JSON.parse(patch(JSON.stringify(list))) as unknown).not.toThrow()
  })

  it.each([
    `  .dockerconfigjson: '${plain}'\n`,
    `  .dockerconfigjson: ${JSON.stringify(plain)}\n`,
    `  .dockerconfigjson: |\n    ${plain}\n`,
  ])('is patched in stringData, which wins over data: %j', written => {
    const text = `${stringify({ ...secret, data: { '.dockerconfigjson': base64('{}') } })}stringData:\n${written}`
    const { stringData } = parse(patch(text)) as { stringData: Record<string, string> }
    expect(JSON.parse(stringData['.dockerconfigjson']!)).toEqual({ auths: merged })
  })
})

describe('a patch is refused', () => {
  const refused = (yaml: string, hint: RegExp) => {
    const patch = () => patchBuiltinRegistryAuth(yaml, 'mirror.internal', login('pull', 'hunter2'))
    expect(patch).toThrowError(
      expect.objectContaining({ code: 'input-invalid', hint: expect.stringMatching(hint) }),
    )
    expect(patch).toThrowError(expect.toSatisfy(error => !inspect(error).includes('hunter2')))
  }

  it('if the in-cluster registry is off', () => {
    refused(
      rendered.replace('kind: Secret\nmetadata:\n  creation', 'kind: Other\nmetadata:\n  creation'),
      /is off/,
    )
    refused('', /is off/)
    refused('just text', /is off/)
  })

  it.each([
    'hunter2',
    base64('hunter2'),
    base64('["hunter2"]'),
    base64('{"auths":"hunter2"}'),
    '[hunter2]',
    '',
  ])('if the Secret holds %j', value => refused(before + value + after, /gitpod-installer render/))
})

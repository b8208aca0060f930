import { rootCertificates } from 'node:tls'
import { Sensitive } from '@gpreg/oci'
import { parsePrefix } from '@gpreg/oci/engine'
import { parse as parseToml } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { nodeConfig } from './node-config.ts'
import type { NodeConfigRequest } from './request.ts'
import { knownSourceHosts } from './source-hosts.ts'

const CA = `${rootCertificates[0]!}\n`
const KEY = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n'
const SOURCES = ['quay.io', 'docker.io', 'quay.io']

const configure = (more: Partial<NodeConfigRequest> = {}) => {
  const request = { to: parsePrefix('registry.internal:5000/gitpod'), sources: SOURCES, ...more }
  const { files, notes } = nodeConfig(request)
  return { files, notes, read: (path: string) => files.find(file => file.path === path)?.content ?? '' }
}

describe('containerd', () => {
  it('is sent to the path of the mirror, and to no other registry', () => {
    const { files, read } = configure()
    expect(files.map(({ path }) => path)).toEqual([
      'certs.d/docker.io/hosts.toml',
      'certs.d/quay.io/hosts.toml',
      'registries.yaml',
    ])
    const url = 'https://registry.internal:5000/v2/gitpod'
    const settings = { capabilities: ['pull', 'resolve'], override_path: true }
    expect(parseToml(read('certs.d/docker.io/hosts.toml'))).toEqual({
      server: url,
      ...settings,
      host: { [url]: settings },
    })
  })

  it('trusts the authority for original names and for the mirror’s own name, wherever certs.d is', () => {
    const { files, read } = configure({ ca: CA })
    expect(read('certs.d/registry.internal_5000_/ca.crt')).toBe(CA)
    const mirrored = parseToml(read('certs.d/quay.io/hosts.toml'))
    expect(mirrored).toMatchObject({ ca: '../registry.internal_5000_/ca.crt' })
    const url = 'https://registry.internal:5000'
    expect(parseToml(read('certs.d/registry.internal_5000_/hosts.toml'))).toEqual({
      server: url,
      ca: 'ca.crt',
      host: { [url]: { ca: 'ca.crt' } },
    })
    expect(files.find(({ path }) => path.endsWith('5000_/ca.crt'))).toMatchObject({
      nodePath: '/etc/containerd/certs.d/registry.internal_5000_/ca.crt',
      mode: 0o644,
    })
  })

  it.each([
    [{ plainHttp: true }, { server: 'http://registry.internal:5000/v2/gitpod' }],
    [{ skipVerify: true }, { skip_verify: true }],
    [{ to: parsePrefix('registry.internal') }, { server: 'https://registry.internal/v2' }],
  ])('gets the settings for %j', (more, expected) => {
    expect(parseToml(configure(more).read('certs.d/docker.io/hosts.toml'))).toMatchObject(expected)
  })

  it('gets no file that makes the mirror a mirror of itself', () => {
    const { files } = configure({ sources: ['registry.internal:5000', 'quay.io:8443'] })
    expect(files.map(({ path }) => path)).toEqual(['certs.d/quay.io_8443_/hosts.toml', 'registries.yaml'])
  })
})

describe('k3s', () => {
  it('has the mirror as the endpoint of every source', () => {
    const { read } = configure()
    const endpoint = ['https://registry.internal:5000/v2/gitpod']
    expect(parseYaml(read('registries.yaml'))).toEqual({
      mirrors: { 'docker.io': { endpoint }, 'quay.io': { endpoint } },
    })
  })

  it('gets authority and login, in a file that only root reads', () => {
    const password = 'correct horse: #battery\n"staple"'
    const { files, read } = configure({
      ca: CA,
      login: { username: 'node', password: new Sensitive(password) },
    })
    expect(parseYaml(read('registries.yaml')).configs).toEqual({
      'registry.internal:5000': {
        auth: { username: 'node', password },
        tls: { ca_file: '/etc/rancher/k3s/registry-ca.crt' },
      },
    })
    expect(read('registry-ca.crt')).toBe(CA)
    const secret = files.filter(({ content }) => content.includes('battery'))
    expect(secret).toEqual([
      expect.objectContaining({
        path: 'registries.yaml',
        nodePath: '/etc/rancher/k3s/registries.yaml',
        mode: 0o600,
      }),
    ])
  })

  it('reaches a mirror without TLS under its own name too', () => {
    const { mirrors } = parseYaml(configure({ plainHttp: true }).read('registries.yaml'))
    expect(mirrors['registry.internal:5000']).toEqual({ endpoint: ['http://registry.internal:5000'] })
    expect(mirrors['docker.io']).toEqual({ endpoint: ['http://registry.internal:5000/v2/gitpod'] })
  })
})

describe('certificate authorities', () => {
  it('are copied without the other content of their file', () => {
    const { files } = configure({ ca: `comment\n${KEY}${CA}` })
    expect(files.map(({ content }) => content).join()).not.toContain('PRIVATE')
  })

  it.each([KEY, '', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
    'are refused if they are not certificates: %j',
    ca => {
      expect(() => configure({ ca })).toThrow(expect.objectContaining({ code: 'input-invalid' }))
    },
  )
})

describe('notes', () => {
  it('say which command publishes the images, and that Gitpod needs the field repository all the same', () => {
    const [publish, facade] = configure({ imageSet: '--release release-2022.11.3' }).notes
    expect(publish).toContain(
      'gpreg mirror --release release-2022.11.3 --to registry.internal:5000/gitpod --naming installer --naming source',
    )
    expect(facade).toContain('repository: registry.internal:5000/gitpod')
  })

  it('do not contain the login', () => {
    const { notes } = configure({ login: { username: 'node', password: new Sensitive('battery') } })
    expect(notes.join()).not.toContain('battery')
    expect(notes.join()).toContain('0600')
  })
})

it('knows the hosts of all releases', () => {
  expect(knownSourceHosts()).toEqual(['b.gcr.io', 'docker.io', 'eu.gcr.io', 'quay.io'])
})

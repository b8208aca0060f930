import { describe, expect, it } from 'vitest'
import { checkConfig } from './check.ts'
import { findingsOf, marks } from './testing/marked.ts'

const DOMAIN = 'domain: gitpod.example.com'

describe('a configuration that the installer accepts', () => {
  it.each([
    ['the smallest configuration', DOMAIN],
    [
      'a single registry for all',
      `apiVersion: v1
kind: Full
domain: gitpod.example.com
repository: registry.internal/gitpod
imagePullSecrets:
  - { kind: secret, name: mirror }
containerRegistry:
  inCluster: false
  external:
    url: registry.internal/gitpod
    certificate: { kind: secret, name: container-registry }
  privateBaseImageAllowList: [registry.internal, docker.io]
workspace:
  workspaceImage: registry.internal/gitpod/gitpod/workspace-full:latest
`,
    ],
    ['JSON', '{"domain": "gitpod.example.com", "disableDefinitelyGp": false}'],
    [
      'optional fields set to null',
      `${DOMAIN}\ncontainerRegistry: {external: null, s3storage: ~}\nlicense:\n`,
    ],
    [
      'quantities and durations',
      `${DOMAIN}
workspace:
  maxLifetime: 1h30m0.5s
  pvc: { size: 30 }
  resources: { requests: { cpu: 500m, memory: 2Gi, nvidia.com/gpu: 1 }, limits: { cpu: '1.5', memory: 1e9 } }
`,
    ],
    ['merged maps', `${DOMAIN}\nlicense: &ref {kind: secret, name: a}\nhttpProxy: {<<: *ref}\n`],
  ])('has no findings: %s', (_, text) => {
    expect(findingsOf(text)).toEqual([])
  })

  it('has a result that names the release', () => {
    const result = checkConfig(DOMAIN, { path: 'gitpod.config.yaml', release: 'release-2022.08.0' })
    expect(result).toEqual({
      kind: 'ValuesCheck',
      version: 1,
      file: 'gitpod.config.yaml',
      release: '2022.08.0',
      findings: [],
      totals: { errors: 0, warnings: 0 },
    })
  })

  it('cannot be checked for an unknown release', () => {
    expect(() => checkConfig(DOMAIN, { path: '-', release: '1999.01' })).toThrow(
      expect.objectContaining({ code: 'release-unknown' }),
    )
  })
})

describe('a file that is not YAML', () => {
  const levels = [...Array(9).keys()].map(n => `x${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]`)

  it.each([
    ['an open quote', 2, `${DOMAIN}\nrepository: 'registry.internal\n`],
    ['a list that is not closed', 2, `${DOMAIN}\nauthProviders: [\ndisableDefinitelyGp: true`],
    ['a tab', 3, `${DOMAIN}\nmetadata:\n\tregion: local\n`],
    ['two values', 2, `${DOMAIN}\nrepository: a: b\n`],
    ['fields that are not in line', 4, `metadata:\n  region: local\n  shortname: x\n region: y\n`],
    ['an alias to nothing', 2, `${DOMAIN}\nlicense: *nobody\n`],
    ['aliases that explode', 1, [DOMAIN, 'x0: &a0 lol', ...levels].join('\n')],
    ['50,000 levels of nesting', 1, '['.repeat(50_000)],
  ])('is a syntax error because of %s', (_, line, text) => {
    const { findings } = checkConfig(text, { path: 'gitpod.config.yaml' })
    expect(findings[0]).toMatchObject({ level: 'error', code: 'yaml-syntax', line })
    expect(findings.filter(({ code }) => code !== 'yaml-syntax')).toEqual([])
  })
})

describe('an error is reported on the line that the installer refuses', () => {
  it.each([
    ['# a comment\n\nkind: Full # ! error required domain'],
    [`domian: gitpod.example.com # ! error required domain & error unknown-key domian`],
    [`domain: gitpod # ! error value-format domain`],
    [`domain: "" # ! error required domain`],
    [`domain: # ! error required domain`],
    [`- ${DOMAIN} # ! error wrong-type`],
    ['just text # ! error wrong-type'],
    [
      `${DOMAIN}
metadata:
  region: a
  region: b # ! error duplicate-key metadata.region
`,
    ],
    [
      `${DOMAIN}
authProviders:
  - kind: secret
    name: a
    name: b # ! error duplicate-key authProviders[0].name
`,
    ],
    [
      `${DOMAIN}
containerRegistry:
  inCluster: "true" # ! error wrong-type containerRegistry.inCluster
  privateBaseImageAllowList: docker.io # ! error wrong-type containerRegistry.privateBaseImageAllowList
objectStorage: # ! error wrong-type objectStorage
  - inCluster: true
database: in-cluster # ! error wrong-type database
license: [a] # ! error wrong-type license
`,
    ],
    [
      `${DOMAIN}
containerRegistry:
  inCluster: # ! error required containerRegistry.inCluster
`,
    ],
    [
      `${DOMAIN}
repository: [registry.internal] # ! error wrong-type repository
dropImageRepo: 1 # ! error wrong-type dropImageRepo
objectStorage:
  blobQuota: 5Gi # ! error wrong-type objectStorage.blobQuota
  maximumBackupCount: 1.5 # ! warning deprecated objectStorage.maximumBackupCount & error wrong-type objectStorage.maximumBackupCount
`,
    ],
    [
      `${DOMAIN}
containerRegistry:
  inCluster: false
  external: # ! error required containerRegistry.external.certificate
    url: registry.internal/gitpod
`,
    ],
    [
      `${DOMAIN}
containerRegistry:
  inCluster: false
  external:
    url: registry.internal/gitpod
    certificate: # ! error required containerRegistry.external.certificate.name
      kind: configmap # ! error value-unknown containerRegistry.external.certificate.kind
`,
    ],
    [
      `${DOMAIN}
containerRegistry:
  s3storage: # ! error required containerRegistry.s3storage.region & error required containerRegistry.s3storage.endpoint
    bucket: b
    certificate: { kind: secret, name: s3 }
`,
    ],
    [
      `${DOMAIN}
authProviders:
  - kind: secret # ! error required authProviders[0].name
  - { kind: secret, name: ok }
  - { name: x } # ! error required authProviders[2].kind
`,
    ],
    [
      `${DOMAIN}
kind: Everything # ! error value-unknown kind
observability:
  logLevel: verbose # ! error value-unknown observability.logLevel
components:
  proxy: { service: { serviceType: Ingress } } # ! error value-unknown components.proxy.service.serviceType
`,
    ],
    [
      `${DOMAIN}
workspace:
  runtime:
    containerdSocket: run/containerd.sock # ! error value-format workspace.runtime.containerdSocket
  maxLifetime: 2 days # ! error value-format workspace.maxLifetime
  resources:
    requests:
      cpu: lots # ! error value-format workspace.resources.requests.cpu
openVSX:
  url: open-vsx.internal # ! error value-format openVSX.url
`,
    ],
    [
      `${DOMAIN}
objectStorage:
  inCluster: false
  azure: # ! error required objectStorage.azure.credentials
    certificate: { kind: secret, name: a } # ! error unknown-key objectStorage.azure.certificate
`,
    ],
    [
      `${DOMAIN}
workspace:
  templates:
    default:
      spec:
        containers: # ! error wrong-type workspace.templates.default.spec.containers
          name: a
        restart: Always # ! error unknown-key workspace.templates.default.spec.restart
        hostUsers: true # ! error unknown-key workspace.templates.default.spec.hostUsers
    prebuild:
      spec:
        containers:
          - resources:
              limits:
                cpu: lots # ! error value-format workspace.templates.prebuild.spec.containers[0].resources.limits.cpu
customization:
  - kind: 5 # ! error wrong-type customization[0].kind
    metadata:
      labels: [a] # ! error wrong-type customization[0].metadata.labels
    status: {} # ! error unknown-key customization[0].status
`,
    ],
    [
      `${DOMAIN}
experimental: # ! warning experimental-ignored experimental
  ide:
    resolveLatest: "no" # ! error wrong-type experimental.ide.resolveLatest
  workspace:
    ioLimits:
      writeIOPS: 1.5 # ! error wrong-type experimental.workspace.ioLimits.writeIOPS
    cpuLimits:
      nodeCPUBandwidth: 6 # ! error unknown-key experimental.workspace.cpuLimits.nodeCPUBandwidth
  webapp:
    tracing:
      samplerParam: 1
      samplerType: always # ! error value-unknown experimental.webapp.tracing.samplerType
`,
    ],
    [
      `${DOMAIN}
objectStorage:
  blobQuota: 9223372036854775808 # ! error wrong-type objectStorage.blobQuota
  resources:
    requests: # ! error required objectStorage.resources.requests
workspace:
  maxLifetime: 0s # ! error value-format workspace.maxLifetime
  timeoutDefault: 0s
  timeoutExtended: 9999999h # ! error value-format workspace.timeoutExtended
  pvc: { size: } # ! error required workspace.pvc.size
openVSX:
  url: https://open-vsx.internal/%zz # ! error value-format openVSX.url
`,
    ],
    [`apiVersion: [v1] # ! error wrong-type apiVersion\n${DOMAIN}`],
    [`ApiVersion: v1 # ! error unknown-key ApiVersion\n${DOMAIN}`],
    [
      `${DOMAIN}
license: &ref { kind: secret, name: a }
httpProxy:
  <<: *ref
  name: b # ! error duplicate-key httpProxy.name
customCACert:
  <<: [*ref, *ref] # ! error duplicate-key customCACert.<< & error duplicate-key customCACert.<<
`,
    ],
    [
      `${DOMAIN}
workspace:
  workspaceImage: registry.internal/a/b # ! warning allow-list-base-image workspace.workspaceImage
experimental: # ! warning experimental-ignored experimental
  webapp:
    server:
      workspaceDefaults:
        workspaceImage: x.y/z # ! error deprecated-both experimental.webapp.server.workspaceDefaults.workspaceImage
`,
    ],
  ])('%#', text => {
    expect(marks(text)).not.toEqual([])
    expect(findingsOf(text)).toEqual(marks(text))
  })

  it('for a field or value that came with a later release', () => {
    const text = `domain: gitpod.example.com
kind: IDE # ! error unknown-in-release kind
httpProxy: { kind: secret, name: proxy } # ! error unknown-in-release httpProxy
workspace:
  prebuildPVC: # ! error unknown-in-release workspace.prebuildPVC
    size: 30Gi
`
    expect(findingsOf(text, '2022.08.0')).toEqual(marks(text))
    expect(findingsOf(text, '2022.11.3')).toEqual([])
  })
})

describe('a field that the installer reads differently from how it is written gets a warning', () => {
  it.each([
    [`Domain: gitpod.example.com # ! warning key-case Domain`],
    [
      `${DOMAIN}
metaData: # ! warning key-case metaData
  region: [] # ! error wrong-type metadata.region
`,
    ],
    [
      `${DOMAIN}
license: &ref
  kind: secret
  name: [] # ! error wrong-type httpProxy.name & error wrong-type license.name
httpProxy: *ref
`,
    ],
    [
      `${DOMAIN}
metadata:
  shortname: no # ! warning text-unquoted metadata.shortname
  region: # ! warning null-value metadata.region
license: { kind: secret, name: 1.10 } # ! warning text-unquoted license.name
`,
    ],
    [
      `${DOMAIN}
database:
  inCluster: ~ # ! warning null-value database.inCluster & error database-missing database.inCluster
`,
    ],
    [`${DOMAIN}\n---\nkind: Meta # ! warning more-documents`],
  ])('%#', text => {
    expect(marks(text)).not.toEqual([])
    expect(findingsOf(text)).toEqual(marks(text))
  })
})

describe('an unknown key gets a hint', () => {
  it.each([
    ['metadata: {regoin: local}', 'did you mean region?'],
    ['external: {url: a.b}', /^leave it out; known here: .*containerRegistry/],
    ['privateBaseImageAllowList: [a.b]', 'did you mean containerRegistry.privateBaseImageAllowList?'],
    ['objectStorage: {azure: {certificate: {}}}', 'leave it out; known here: credentials'],
    ['constructor: 1', /^leave it out/],
    ['__proto__: {x: 1}', /^leave it out/],
  ])('%s', (line, hint) => {
    const { findings } = checkConfig(`${DOMAIN}\n${line}`, { path: '-' })
    const unknown = findings.find(({ code }) => code === 'unknown-key')
    expect(unknown?.hint).toEqual(typeof hint === 'string' ? hint : expect.stringMatching(hint))
  })
})

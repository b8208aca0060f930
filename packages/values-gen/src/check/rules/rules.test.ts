import { describe, expect, it } from 'vitest'
import { checkConfig } from '../check.ts'
import { ruleEntries } from '../rules.ts'
import { findingsOf, marks } from '../testing/marked.ts'

const DOMAIN = 'domain: gitpod.example.com'

/** A configuration with all fields for a mirror, except `repository`. */
const access = (host: string) => `${DOMAIN}
imagePullSecrets: [{ kind: secret, name: mirror }]
containerRegistry:
  inCluster: false
  external:
    url: workspaces.internal/images
    certificate: { kind: secret, name: registry }
  privateBaseImageAllowList: [${host}]
`
const MIRROR = access('registry.internal')
const MIRRORED = `${MIRROR}repository: registry.internal/gitpod\n`

const external = (url: string) => `${DOMAIN}
containerRegistry:
  inCluster: false
  external:
    url: ${url}
    certificate: { kind: secret, name: registry }
`

const s3 = (endpoint: string, region = 'eu-west-2') => `${DOMAIN}
metadata:
  region: ${region}
objectStorage:
  inCluster: false
  s3:
    endpoint: ${endpoint}
    credentials: { kind: secret, name: s3 }
`

const registryS3 = (endpoint: string) => `${DOMAIN}
containerRegistry:
  s3storage:
    bucket: b
    region: us-east-1
    endpoint: ${endpoint} # ! warning s3-registry-https containerRegistry.s3storage.endpoint
    certificate: { kind: secret, name: s3 }
`

/** Each text marks the lines that break a rule with a comment. The other lines must break no rule. */
const BROKEN: readonly string[] = [
  `${MIRROR}repository: https://registry.internal/gitpod # ! error repository-reference repository`,
  `${MIRROR}repository: registry.internal/Gitpod # ! error repository-reference repository`,
  `${MIRROR}repository: registry.internal/gitpod:1 # ! error repository-reference repository`,
  `${MIRROR}repository: registry.internal//gitpod # ! error repository-reference repository`,
  `${MIRROR}repository: registry.internal/gitpod// # ! error repository-reference repository`,
  `${MIRROR}repository: '5000' # ! error repository-reference repository`,
  `${MIRROR}repository: '[2001:db8::1]:5000/gitpod' # ! error repository-reference repository`,
  `${access('registry.internal:registry')}repository: registry.internal:registry/gitpod # ! error repository-reference repository`,
  `${MIRROR}repository: registry.internal/${'a'.repeat(212)} # ! error repository-reference repository`,
  `${DOMAIN}
experimental: # ! warning experimental-ignored experimental
  webapp:
    tracing:
      samplerType: const # ! error sampler-param experimental.webapp.tracing.samplerType`,
  `${DOMAIN}
blockNewUsers: # ! error passlist blockNewUsers
  enabled: true`,
  `${DOMAIN}
blockNewUsers:
  enabled: true
  passlist:
    - example.com
    - '*.example.org' # ! error passlist blockNewUsers.passlist[1]
    - localhost # ! error passlist blockNewUsers.passlist[2]`,
  `${MIRROR}repository: gitpod/build # ! warning repository-host repository`,
  `${access('123456789012.dkr.ecr.eu-west-1.amazonaws.com')}
repository: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/gitpod # ! warning repository-ecr repository`,
  `${access('docker.io')}repository: docker.io/gitpod # ! warning repository-flat repository & warning docker-hub-keys repository`,
  `${MIRROR}repository: registry.internal/gitpod/ # ! error repository-slash repository
dropImageRepo: true # ! warning drop-image-repo dropImageRepo`,
  `${MIRRORED}dropImageRepo: true # ! warning drop-image-repo dropImageRepo
workspace:
  workspaceImage: registry.internal/gitpod/gitpod/workspace-full # ! warning drop-image-repo-nested workspace.workspaceImage`,
  `${DOMAIN}\ndropImageRepo: true # ! warning drop-image-repo-public dropImageRepo`,
  `${MIRRORED}database:
  inCluster: false
  cloudSQL: # ! warning cloudsql-proxy-image database.cloudSQL
    instance: a:b:c
    serviceAccount: { kind: secret, name: cloudsql }`,
  `${MIRRORED}database:
  cloudSQL: # ! warning database-contradiction database.cloudSQL
    instance: a:b:c
    serviceAccount: { kind: secret, name: cloudsql }`,
  `${MIRRORED}customCACert: { kind: secret, name: ca } # ! warning private-ca customCACert`,

  `${MIRRORED}workspace:
  workspaceImage: https://registry.internal/x # ! warning workspace-image-reference workspace.workspaceImage`,
  `${MIRRORED}workspace:
  workspaceImage: gitpod/workspace-full:latest # ! warning workspace-image-source workspace.workspaceImage`,
  `${DOMAIN}
repository: registry.internal/gitpod # ! warning image-pull-secrets-missing repository
containerRegistry: { privateBaseImageAllowList: [registry.internal] }`,
  `${DOMAIN}\nimagePullSecrets: # ! warning image-pull-secrets-unused imagePullSecrets
  - { kind: secret, name: mirror }
  - { kind: secret } # ! warning image-pull-secrets-name imagePullSecrets[1]`,
  `${DOMAIN}
repository: registry.internal/gitpod # ! warning allow-list-mirror repository
imagePullSecrets: # ! warning facade-credentials imagePullSecrets
  - { kind: secret, name: mirror }`,
  `${access('docker.io').replace(/\n$/, ' # ! warning allow-list-mirror containerRegistry.privateBaseImageAllowList')}
repository: registry.internal/gitpod`,

  `${DOMAIN}\ncontainerRegistry:\n  inCluster: false # ! error registry-missing containerRegistry.inCluster`,
  `${DOMAIN}
containerRegistry:
  external: # ! warning registry-contradiction containerRegistry.external
    url: registry.internal
    certificate: { kind: secret, name: registry }`,
  `${external('registry.internal/x')}  s3storage: # ! warning registry-contradiction containerRegistry.s3storage
    bucket: b
    region: eu-west-1
    endpoint: s3.eu-west-1.amazonaws.com
    certificate: { kind: secret, name: s3 }`,
  external('https://registry.internal/x # ! warning registry-url-scheme containerRegistry.external.url'),
  external('harbor/x # ! warning registry-url-host containerRegistry.external.url'),
  external('registry.internal/Images # ! warning registry-url-form containerRegistry.external.url'),
  external('index.docker.io/gitpod # ! warning docker-hub-keys containerRegistry.external.url'),
  external(
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com # ! warning registry-ecr containerRegistry.external.url',
  ),
  `${DOMAIN}
containerRegistry:
  privateBaseImageAllowList:
    - docker.io
    - registry.internal:5000
    - registry.internal/gitpod # ! warning allow-list-entry containerRegistry.privateBaseImageAllowList[2]
    - https://index.docker.io/v1/ # ! warning allow-list-entry containerRegistry.privateBaseImageAllowList[3]
    - index.docker.io # ! warning allow-list-entry containerRegistry.privateBaseImageAllowList[4]
    - Quay.io # ! warning allow-list-entry containerRegistry.privateBaseImageAllowList[5]
    - # ! warning allow-list-entry containerRegistry.privateBaseImageAllowList[6]`,

  `${DOMAIN}\nobjectStorage:\n  inCluster: false # ! error object-storage-missing objectStorage.inCluster`,
  `${DOMAIN}
metadata: { region: europe-west2 }
objectStorage:
  cloudStorage: # ! warning object-storage-contradiction objectStorage.cloudStorage
    project: p
    serviceAccount: { kind: secret, name: gcs }
  azure: # ! warning object-storage-contradiction objectStorage.azure
    credentials: { kind: secret, name: azure }`,
  `${DOMAIN}\ndatabase:\n  inCluster: false # ! error database-missing database.inCluster`,
  `${DOMAIN}\ndatabase:\n  external: # ! warning database-contradiction database.external
    certificate: { kind: secret, name: db }`,
  s3('s3.eu-west-2.amazonaws.com', 'local # ! warning region-local metadata.region'),
  `${DOMAIN}\nmetadata:\n  region: eu-west-2 # ! warning region-in-cluster metadata.region`,
  s3('https://s3.eu-west-2.amazonaws.com # ! warning s3-endpoint-form objectStorage.s3.endpoint'),
  s3('minio.internal:9000/bucket # ! warning s3-endpoint-form objectStorage.s3.endpoint'),
  s3('s3.amazonaws.com # ! warning s3-endpoint-region objectStorage.s3.endpoint'),
  s3('s3.eu-west-1.amazonaws.com # ! warning s3-endpoint-region objectStorage.s3.endpoint'),
  `${DOMAIN}
containerRegistry:
  s3storage:
    bucket: b
    region: eu-west-2
    endpoint: s3.amazonaws.com # ! warning s3-endpoint-region containerRegistry.s3storage.endpoint
    certificate: { kind: secret, name: s3 }`,

  registryS3('minio.gitpod.svc.cluster.local:9000'),
  registryS3('http://s3.internal'),
  registryS3('s3.internal:80'),
  registryS3('minio:9000'),
  registryS3('minio.corp.example'),
  registryS3('store.corp.example:9000'),
  s3('http://store.internal # ! warning s3-storage-https objectStorage.s3.endpoint', 'us-east-1'),
  s3('store.tools.svc:9000 # ! warning s3-storage-https objectStorage.s3.endpoint', 'us-east-1'),

  external('http://registry.internal/x # ! warning registry-url-scheme containerRegistry.external.url'),
  external('ghcr.io # ! warning registry-namespace containerRegistry.external.url'),
  external('eu.gcr.io # ! warning registry-namespace containerRegistry.external.url'),
  external('quay.io/ # ! warning registry-namespace containerRegistry.external.url'),
  external('europe-docker.pkg.dev/project # ! warning registry-namespace containerRegistry.external.url'),
  external('registry.gitlab.com/group # ! warning registry-namespace containerRegistry.external.url'),
  external('gitlab.corp.example:5050/group # ! warning registry-namespace containerRegistry.external.url'),
  external('localhost:5000/x # ! warning registry-loopback containerRegistry.external.url'),
  external('127.0.0.1:5000 # ! warning registry-loopback containerRegistry.external.url'),
  `${access('127.0.0.1:5000')}repository: 127.0.0.1:5000/x # ! warning repository-loopback repository`,
  `${access('ghcr.io')}repository: ghcr.io # ! warning repository-namespace repository`,
  `${DOMAIN}
workspace:
  workspaceImage: registry.corp.example/base:1 # ! warning allow-list-base-image workspace.workspaceImage
containerRegistry: { privateBaseImageAllowList: [quay.io] }`,
  `${DOMAIN}
experimental: # ! warning experimental-ignored experimental
  webapp:
    proxy:
      serviceType: ClusterIP # ! warning deprecated experimental.webapp.proxy.serviceType`,
]

const SOUND: readonly string[] = [
  MIRRORED,
  `${MIRROR}repository: registry.internal/gitpod/`,
  `${access('registry.internal:5000')}repository: registry.internal:5000`,
  `${MIRRORED}workspace: { workspaceImage: registry.internal/gitpod/gitpod/workspace-full }`,
  `${DOMAIN}\nrepository: eu.gcr.io/gitpod-core-dev/build/`,
  external('registry.internal:5000/a/b/'),
  s3('s3.eu-west-2.amazonaws.com'),
  s3('s3.dualstack.eu-west-2.amazonaws.com'),
  s3('s3-eu-west-2.amazonaws.com'),
  s3('s3.amazonaws.com', 'us-east-1'),
  s3('s3.cn-north-1.amazonaws.com.cn', 'cn-north-1'),
  s3('minio.internal:9000', 'us-east-1'),
  s3('s3-external-1.amazonaws.com', 'us-east-1'),
  s3('s3-fips-us-gov-west-1.amazonaws.com', 'us-gov-west-1'),
  `${s3('minio:9000', 'us-east-1')}    allowInsecureConnection: true\n`,
  external('ghcr.io/owner'),
  external('quay.io/team'),
  external('europe-docker.pkg.dev/project/repository'),
  external('registry.gitlab.com/group/project'),
  `${DOMAIN}\nworkspace: { workspaceImage: quay.io/team/base:1 }`,
  `${DOMAIN}
workspace: { workspaceImage: registry.corp.example/base:1 }
containerRegistry: { privateBaseImageAllowList: [registry.corp.example] }`,
]

describe('the rules', () => {
  it.each(BROKEN)('find the marked violations: %#', text => {
    expect(marks(text)).not.toEqual([])
    expect(findingsOf(text)).toEqual(marks(text))
  })

  it.each(SOUND)('find nothing in a correct configuration: %#', text => {
    expect(findingsOf(text)).toEqual([])
  })

  it('each have an example', () => {
    const found = new Set(BROKEN.flatMap(marks).map(([, finding]) => finding.split(' ')[1]))
    const checked = ruleEntries().flatMap(([code, { check }]) => (check === undefined ? [] : [code]))
    const elsewhere = ['unknown-in-release', 'api-version', 'customization-api-version', 'deprecated-both']
    expect(checked.filter(code => !found.has(code))).toEqual(elsewhere)
  })

  it('each have a description', () => {
    for (const [code, { about }] of ruleEntries()) expect(about, code).toMatch(/^[A-Z`].*\.$/)
  })
})

it.each(['docker.io', 'index.docker.io/gitpod', 'harbor/gitpod', 'gitpod', 'registry.internal/'])(
  'with dropImageRepo %j is refused, since the installer panics on it',
  repository => {
    const text = `${DOMAIN}\nrepository: ${repository}\ndropImageRepo: true\n`
    expect(findingsOf(text)).toContainEqual([
      2,
      expect.stringMatching(/^error repository-(?:reference|slash) /),
    ])
  },
)

describe('rules that depend on the release', () => {
  it('the text `apiVersion: v1` counts before 2022.08', () => {
    const text = `apiVersion: "v1" # ! error api-version apiVersion
domain: gitpod.example.com
customization: # ! error unknown-in-release customization
  - apiVersion: v1 # ! warning customization-api-version customization[0].apiVersion
    kind: Service
  - apiVersion: "v1"
    kind: Service
`
    expect(findingsOf(text, '2022.05.2')).toEqual(marks(text))
    expect(findingsOf(text, '2022.08.0')).toEqual([])
  })

  it('the documents of a file are joined from 2022.08 on', () => {
    const text = `${DOMAIN}\n---\nkind: Everything # ! error value-unknown kind & warning more-documents`
    expect(findingsOf(text, '2022.08.0').toSorted()).toEqual(marks(text).toSorted())
    expect(findingsOf(text, '2022.05.2')).toEqual([[3, 'warning more-documents']])
  })

  it('the bitnami charts keep their path from 2022.11.2 on', () => {
    const messageFor = (release: string) =>
      checkConfig(`${MIRRORED}dropImageRepo: true`, { path: '-', release }).findings[0]?.message
    expect(messageFor('2022.11.1')).not.toContain('bitnami')
    expect(messageFor('2022.11.3')).toContain('registry.internal/gitpod/bitnami/')
  })

  it('the allow list is read from its old path before 2022.07', () => {
    const text = `${DOMAIN}
repository: registry.internal/gitpod
imagePullSecrets: [{ kind: secret, name: mirror }] # ! warning facade-credentials imagePullSecrets
experimental: # ! warning experimental-ignored experimental
  webapp:
    server:
      defaultBaseImageRegistryWhitelist: [registry.internal]
`
    expect(findingsOf(text, '2022.05.2')).toEqual(marks(text))
  })

  it('what moved is found at both places, in any case of letters, and the hint names the place of the release', () => {
    const text = `${DOMAIN}
repository: registry.internal/gitpod
imagePullSecrets: [{ kind: secret, name: mirror }]
containerRegistry: { inCluster: false, external: { url: r.internal, certificate: { kind: secret, name: c } } }
experimental:
  webApp:
    Server:
      defaultBaseImageRegistryWhitelist: [quay.io, https://x]
      workspaceDefaults: { workspaceImage: registry.corp.example/base }
`
    const old = 'experimental.webapp.server.'
    const found = (release: string) =>
      checkConfig(text, { path: '-', release }).findings.map(({ code, path }) => `${code} ${path}`)
    expect(found('2022.05.2')).toEqual([
      'experimental-ignored experimental',
      'key-case experimental.webApp',
      'key-case experimental.webApp.Server',
      `allow-list-entry ${old}defaultBaseImageRegistryWhitelist[1]`,
      `workspace-image-source ${old}workspaceDefaults.workspaceImage`,
      `allow-list-base-image ${old}workspaceDefaults.workspaceImage`,
    ])
    expect(found('2022.11.3')).toContain(`deprecated ${old}workspaceDefaults.workspaceImage`)
    const mirrored = text.replace('registry.corp.example', 'registry.internal')
    const hintFor = (release: string) =>
      checkConfig(mirrored, { path: '-', release }).findings.find(({ code }) => code === 'allow-list-mirror')
    expect(hintFor('2022.05.2')).toMatchObject({
      path: `${old}defaultBaseImageRegistryWhitelist`,
      hint: `add registry.internal to ${old}defaultBaseImageRegistryWhitelist`,
    })
  })

  it('object storage without https has a field for it from 2022.09 on', () => {
    const hintFor = (release: string) =>
      checkConfig(s3('minio:9000', 'us-east-1'), { path: '-', release }).findings[0]?.hint
    expect(hintFor('2022.11.3')).toContain('allowInsecureConnection')
    expect(hintFor('2022.08.0')).not.toContain('allowInsecureConnection')
  })
})

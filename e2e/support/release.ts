import {
  makeImage,
  makeIndex,
  makeLayer,
  type Format,
  type Image,
  type Layer,
  type Platform,
} from './images.ts'

const AMD64: Platform = { os: 'linux', architecture: 'amd64' }
const ARM64: Platform = { os: 'linux', architecture: 'arm64', variant: 'v8' }
const BUILD = 'eu.gcr.io/gitpod-core-dev/build'

/**
 * A small release with all shapes of images: Docker and OCI manifests, indexes with several platforms, layers shared
 * between images and between hosts, two tags of one image, an image without layers, and a repository below another one.
 */
export function releaseImages(): ReadonlyMap<string, Image> {
  const base = makeLayer('base', 400_000)
  const jdk = makeLayer('jdk', 300_000)
  const own = (name: string) => makeLayer(name.replaceAll('/', '-'), 30_000 + 1000 * name.length)
  const image = (name: string, shared: Layer[], format: Format): [string, Image] => [
    name,
    makeImage([...shared, own(name)], format),
  ]
  const code = makeImage([base, jdk, own('code')], 'oci')
  const components = [
    'server',
    'ws-daemon',
    'ws-manager',
    'proxy',
    'dashboard',
    'supervisor',
    'registry-facade',
  ]
  return new Map([
    ...components.map(name => image(`${BUILD}/${name}:commit-1`, [base], 'docker')),
    image(`${BUILD}/ide/intellij:commit-1`, [base, jdk], 'oci'),
    image(`${BUILD}/ide/goland:commit-1`, [base, jdk], 'oci'),
    [`${BUILD}/ide/code:commit-1`, code],
    [`${BUILD}/ide/code:nightly`, code],
    [`${BUILD}/image-builder-mk3:commit-1`, makeImage([base], 'docker')],
    image(`${BUILD}/image-builder-mk3/bob:1`, [base], 'docker'),
    image(`${BUILD}/versions:release-2022.11.3`, [], 'oci'),
    [
      'docker.io/library/redis:6.2',
      makeIndex([
        [AMD64, makeImage([base, own('redis')], 'oci', AMD64)],
        [ARM64, makeImage([own('redis on arm')], 'oci', ARM64)],
      ]),
    ],
    [
      'docker.io/library/mysql:5.7.34',
      makeIndex([[AMD64, makeImage([own('mysql')], 'docker', AMD64)]], 'docker'),
    ],
    image('docker.io/bitnami/minio:2022.12.12', [base], 'docker'),
    image('docker.io/library/alpine:3.16', [], 'docker'),
    image('quay.io/brancz/kube-rbac-proxy:v0.12.0', [], 'oci'),
    ['b.gcr.io/cloudsql-docker/gce-proxy:1.11', makeImage([], 'oci')],
  ])
}

import { parseReference } from '@gpreg/oci'
import { expect, it } from 'vitest'
import type { WantedImage } from '../image-set.ts'
import { pulledImages } from './pulled-images.ts'

const BUILD = 'eu.gcr.io/gitpod-core-dev/build'
const GATEWAY = 'docker.io/bitnami/minio:2022.4.29-debian-10-r0'

const image = (name: string, origin = 'versions:x'): WantedImage => ({
  source: parseReference(name),
  purpose: 'components',
  origins: [origin],
})

const pulls = (config: string, name: string, more: readonly string[] = []) =>
  pulledImages([name, ...more].map(one => image(one)), config, 'c.yaml').some(
    ({ source }) => `${source.host}/${source.repository}:${source.tag}` === name,
  )

it.each([
  // what is in the cluster unless the configuration says otherwise
  ['domain: x', 'docker.io/bitnami/mysql:5', true],
  ['domain: x', 'docker.io/bitnami/minio:2022.12.12', true],
  ['domain: x', 'docker.io/library/registry:2', true],
  ['domain: x', 'docker.io/library/mysql:5.7', false],
  ['domain: x', 'b.gcr.io/cloudsql-docker/gce-proxy:1.11', false],
  ['domain: x', `${BUILD}/shiftfs-module-loader:1`, false],
  ['domain: x', 'docker.io/gitpod/workspace-full:latest', true],
  // databases
  ['database: {inCluster: false, external: {}}', 'docker.io/bitnami/bitnami-shell:1', false],
  ['database: {inCluster: false, external: {}}', 'docker.io/library/mysql:5.7', true],
  ['database: {inCluster: off, cloudSQL: {instance: a}}', 'b.gcr.io/cloudsql-docker/gce-proxy:1.11', true],
  ['database: {cloudSQL: {instance: a}}', 'b.gcr.io/cloudsql-docker/gce-proxy:1.11', false],
  // storage, with keys in another case of letters
  ['objectstorage: {incluster: false, s3: {}}', 'docker.io/bitnami/minio:2022.12.12', false],
  ['objectStorage: {inCluster: false, azure: {}}', GATEWAY, true],
  ['objectStorage: {inCluster: false, s3: {}}', GATEWAY, false],
  ['containerRegistry: {inCluster: false}', 'docker.io/library/registry:2', false],
  // the base image, at both places
  ['workspace: {workspaceImage: a.b/c:1}', 'docker.io/gitpod/workspace-full:latest', false],
  [
    'experimental: {webApp: {server: {workspaceDefaults: {workspaceImage: a.b/c:1}}}}',
    'docker.io/gitpod/workspace-full:latest',
    false,
  ],
  ['workspace: {runtime: {fsShiftMethod: shiftfs}}', `${BUILD}/shiftfs-module-loader:1`, true],
  // kinds of installation
  ['kind: Workspace', `${BUILD}/server:1`, false],
  ['kind: Workspace', `${BUILD}/ws-daemon:1`, true],
  ['kind: WebApp', `${BUILD}/ide/rider:latest`, false],
  ['kind: Meta', `${BUILD}/ide/rider:latest`, true],
  ['kind: IDE', 'docker.io/library/redis:6.2', true],
  ['kind: IDE', 'docker.io/gitpod/workspace-full:latest', false],
  // what no release has
  ['kind: IDE', 'registry.internal/own:1', true],
  ['kind: IDE', 'quay.io/brancz/kube-rbac-proxy:v0.12.0', true],
])('with %s the cluster pulls %s: %s', (config, name, expected) => {
  expect(pulls(config, name)).toBe(expected)
})

it("takes the chart's MinIO for the gateway to Azure in a release that pins none", () => {
  const [azure, minio] = ['objectStorage: {inCluster: false, azure: {}}', 'docker.io/bitnami/minio:2022.5.26']
  expect(pulls(azure, minio)).toBe(true)
  expect(pulls(azure, minio, [GATEWAY])).toBe(false)
})

it('keeps an image that the user named, whatever the configuration says', () => {
  const named = image('docker.io/bitnami/mysql:5', 'image:docker.io/bitnami/mysql:5')
  expect(pulledImages([named], 'database: {inCluster: false}', 'c.yaml')).toEqual([named])
})

it("keeps the mirror's copy of the default base image, if the configuration names it", () => {
  const copy = 'registry.internal/gitpod/gitpod/workspace-full:latest'
  const entry = { ...image('docker.io/gitpod/workspace-full:latest'), target: parseReference(copy) }
  expect(pulledImages([entry], `workspace: {workspaceImage: "${copy}"}`, 'c.yaml')).toEqual([entry])
  expect(pulledImages([entry], 'workspace: {workspaceImage: other.internal/x}', 'c.yaml')).toEqual([])
})

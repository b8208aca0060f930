import { describe, expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import type { GpregEvent } from '../../events.ts'
import { formatReference } from '@gpreg/oci'
import { readInstallerConfig, settingsOf, type IsSet } from '../discovery/installer-file.ts'
import { findRelease, knownReleases } from './catalogue.ts'
import { parseVersions, releaseImages } from './versions.ts'

const BUILD = 'eu.gcr.io/gitpod-core-dev/build'

/** A manifest in which every component of a release has the tag `v`. */
function manifestOf(name: string): string {
  const root: Record<string, unknown> = {}
  for (const { key } of findRelease(name).release.components) {
    let node = root
    for (const part of key.split('.')) node = (node[part] ??= {}) as Record<string, unknown>
    node['version'] = 'v'
  }
  return JSON.stringify({ version: `release-${name}`, components: root })
}
const names = (name: string, text = manifestOf(name), context = createContext()) =>
  releaseImages(findRelease(name).release, parseVersions(text, 'versions.yaml'), context)
    .map(({ source }) => formatReference(source))
    .toSorted()
const gitpod = (list: string, tag: string) => list.split(' ').map(name => `${BUILD}/${name}:${tag}`)

describe('the catalogue', () => {
  it('lists the 62 images of 2022.11.3', () => {
    const components =
      'agent-smith blobserve ca-updater content-service dashboard db-migrations docker-up ide-metrics ide-proxy ide-service image-builder-mk3 image-builder-mk3/bob installation-telemetry openvsx-proxy proxy public-api-server registry-facade seccomp-profile-installer server service-waiter shiftfs-module-loader supervisor workspacekit ws-daemon ws-manager ws-manager-bridge ws-proxy ide/code-desktop ide/code-desktop-insiders'
    const ides =
      'ide/clion ide/goland ide/intellij ide/jb-backend-plugin ide/phpstorm ide/pycharm ide/rider ide/rubymine ide/webstorm'
    const expected = [
      ...gitpod(components, 'v'),
      ...gitpod(ides, 'v'),
      ...gitpod(ides, 'latest'),
      ...gitpod('ide/code', 'nightly'),
      ...gitpod('ide/code', 'commit-a65f065d070fcf91a9491e806d9fff26d962e873'),
      'b.gcr.io/cloudsql-docker/gce-proxy:1.11',
      'docker.io/bitnami/bitnami-shell:11-debian-11-r60',
      'docker.io/bitnami/minio:2022.12.12-debian-11-r0',
      'docker.io/bitnami/minio:2022.4.29-debian-10-r0',
      'docker.io/bitnami/mysql:5.7.34-debian-10-r55',
      'docker.io/bitnami/rabbitmq:3.11.5-debian-11-r2',
      'docker.io/gitpod/workspace-full:latest',
      'docker.io/library/alpine:3.16',
      'docker.io/library/mysql:5.7.34',
      'docker.io/library/redis:6.2',
      'docker.io/library/registry:2.8.1',
      'docker.io/library/ubuntu:20.04',
      'quay.io/brancz/kube-rbac-proxy:v0.12.0',
    ]
    expect(expected).toHaveLength(62)
    expect(names('2022.11.3')).toEqual(expected.toSorted())
  })

  it.each([
    ['2022.05.2', 47],
    ['2022.08.0', 49],
    ['2022.09.2', 53],
    ['2022.10.2', 57],
    ['2022.11.1', 62],
  ])('of %s has %i images', (name, count) => {
    expect(names(name)).toHaveLength(count)
  })

  it('lists the loader of ShiftFS from 2022.09 on', () => {
    const listed = knownReleases().filter(name => names(name).includes(`${BUILD}/shiftfs-module-loader:v`))
    expect(listed).toEqual(['2022.09.2', '2022.10.2', '2022.11.1', '2022.11.3'])
  })
})

it.each([
  ['2022.05.2', 'experimental: {webapp: {publicApi: {enabled: true}}}', ['public-api-server:v']],
  ['2022.08.0', 'workspace: {runtime: {fsShiftMethod: shiftfs}}', ['shiftfs-module-loader:v']],
  ['2022.08.0', 'workspace: {runtime: {fsShiftMethod: fuse}}', []],
  ['2022.11.3', 'experimental: {webapp: {usage: {enabled: true}}}', ['usage:v']],
  [
    '2022.11.3',
    'experimental: {webapp: {slowDatabase: yes}}',
    ['toxic-config:v', 'ghcr.io/shopify/toxiproxy:2.5.0'],
  ],
  ['2022.11.3', 'experimental: {webapp: {slowDatabase: false}}', []],
  [
    '2022.11.3',
    'experimental: {IDE: {resolveLatest: false}}',
    ['ide/code:v', 'ide/jb-backend-plugin:v'],
  ],
  ['2022.11.3', 'experimental: {ide: {resolveLatest: true}}', []],
  [
    '2022.05.2',
    'experimental: {ide: {resolveLatest: off}}',
    ['ide/code:v', 'ide/goland:v', 'ide/intellij:v', 'ide/phpstorm:v', 'ide/pycharm:v'],
  ],
])('of %s has for the configuration %s the further images %j', (name, config, further) => {
  const of = (isSet?: IsSet) =>
    releaseImages(findRelease(name).release, parseVersions(manifestOf(name), 'v'), createContext(), isSet).map(
      ({ source }) => formatReference(source),
    )
  const expected = further.map(image => (image.startsWith('ghcr.io/') ? image : `${BUILD}/${image}`))
  expect(of(settingsOf(readInstallerConfig(config, 'c.yaml'))).toSorted()).toEqual([...of(), ...expected].toSorted())
})

describe('findRelease', () => {
  it.each([
    ['2022.11.3', '2022.11.3', true],
    ['release-2022.11.3', '2022.11.3', true],
    ['release-2022.11.2.16', '2022.11.3', false],
    ['2022.11.4-gha.21', '2022.11.3', false],
    ['2022.11.0', '2022.11.1', false],
    ['v2022.05.1', '2022.05.2', false],
    ['2022.11', '2022.11.3', true],
  ])('finds for version %s the release %s', (version, name, exact) => {
    expect(findRelease(version)).toMatchObject({ release: { name }, exact })
  })

  it.each(['2022.12.0', '2022.1', 'main.2968', '', '2022.11.3x', '2022.11.', '20220.11.3'])(
    'does not know %j',
    version => {
      expect(() => findRelease(version)).toThrow(
        expect.objectContaining({
          code: 'release-unknown',
          hint: expect.stringContaining('2022.05.2, 2022.08.0'),
        }),
      )
    },
  )
})

describe('the versions manifest', () => {
  it('is read without regard to the case of keys, and tags stay as written', () => {
    const text = manifestOf('2022.11.3')
      .replace('openVsxProxy', 'OPENVSXProxy')
      .replace('"server":{"version":"v"}', 'server: {version: 1.10}')
    expect(names('2022.11.3', text)).toEqual(
      expect.arrayContaining([`${BUILD}/openvsx-proxy:v`, `${BUILD}/server:1.10`]),
    )
  })

  it('without the tag of a component gives a warning, and never an image with an empty tag', () => {
    const events: GpregEvent[] = []
    const text = manifestOf('2022.11.3')
      .replace('"server":{"version":"v"}', '"server":{"version":""}')
      .replace('"usage"', '"other"')
    const found = names('2022.11.3', text, createContext({ emit: event => events.push(event) }))
    expect(found).toHaveLength(61)
    expect(events).toMatchObject([
      { code: 'image-skipped', message: expect.stringContaining('components.server') },
    ])
  })

  it.each([
    ['a: 1', 'versions.yaml'],
    ['components:\n  server:\n    version: "not a tag"\n', 'versions.yaml:3'],
  ])('is refused with the content %j', (text, place) => {
    expect(() => names('2022.11.3', text)).toThrow(
      expect.objectContaining({ code: 'input-invalid', message: expect.stringContaining(place) }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { formatReference, parseReference } from '@gpreg/oci'
import { PLAIN_VALUES } from '../yaml-input.ts'
import { imagesInValue, type WalkOptions } from './value-images.ts'
import { formatPath } from './value-path.ts'

const walk = (yaml: string, options?: WalkOptions) => {
  const { mentions, doubts } = imagesInValue(parseDocument(yaml, PLAIN_VALUES).toJS(), options)
  return {
    images: mentions.map(({ source }) => formatReference(source)),
    paths: mentions.map(({ path }) => formatPath(path)),
    doubts: doubts.map(({ why, path }) => `${why} ${formatPath(path)}`),
  }
}

describe('keys that name images', () => {
  it.each([
    ['image: redis', 'docker.io/library/redis:latest'],
    ['defaultImage: busybox:1', 'docker.io/library/busybox:1'],
    ['SIDECAR_IMAGE: org/a', 'docker.io/org/a:latest'],
    ['RELATED_IMAGE_ETCD: etcd:3', 'docker.io/library/etcd:3'],
    ['sandbox_image: pause:3', 'docker.io/library/pause:3'],
    ['example.io/proxyImage: org/proxy', 'docker.io/org/proxy:latest'],
    ['refs: [a/b]', 'docker.io/a/b:latest'],
    ['images: [old=q.io/new:1]', 'q.io/new:1'],
    ['relatedImages: [{name: a, image: b}]', 'docker.io/library/b:latest'],
    ['images: {operator: org/operator}', 'docker.io/org/operator:latest'],
    ['imageList: "a=q.io/a, "', 'q.io/a:latest'],
    ['X_IMAGES: |\n  3.1=q.io/a:3.1\n', 'q.io/a:3.1'],
    ['args: [--x, --side-image=side]', 'docker.io/library/side:latest'],
    ['args: [--side-image, side, main]', 'docker.io/library/side:latest'],
    ['command: [env, SIDE_IMAGE=side]', 'docker.io/library/side:latest'],
    ['env: [{name: A_IMAGE, value: side}]', 'docker.io/library/side:latest'],
    ['params: [{name: image, default: side}]', 'docker.io/library/side:latest'],
    ['from: {kind: DockerImage, name: side}', 'docker.io/library/side:latest'],
    ['data: {a.yaml: "\\uFEFFimage: side\\n"}', 'docker.io/library/side:latest'],
    ['image: docker://redis:7', 'docker.io/library/redis:7'],
  ])('%s', (yaml, image) => {
    expect(walk(yaml).images).toEqual([image])
  })
})

describe('names that are split over keys', () => {
  it.each([
    ['image: {registry: q.io, repository: a/b, tag: "1.10"}', 'q.io/a/b:1.10'],
    ['image: {name: a, tag: v1}', 'docker.io/library/a:v1'],
    ['spec: {repository: q.io/org, image: a, version: v2}', 'q.io/org/a:v2'],
    ['spec: {baseImage: q.io/a, version: v2}', 'q.io/a:v2'],
    ['spec: {image: "q.io/a:v1", version: v2}', 'q.io/a:v1'],
    ['sideImageRepository: a/b\nsideImageTag: v1', 'docker.io/a/b:v1'],
    ['images: [{name: a, newName: q.io/a, newTag: v1}]', 'q.io/a:v1'],
    ['global: {hub: q.io/org, tag: v1}\nproxy: {image: proxy}', 'q.io/org/proxy:v1'],
    ['parameters: [{name: image.repository, value: q.io/a}, {name: image.tag, value: v1}]', 'q.io/a:v1'],
    [`image: {repository: q.io/a, digest: sha256:${'a'.repeat(64)}}`, `q.io/a@sha256:${'a'.repeat(64)}`],
  ])('%s', (yaml, image) => {
    expect(walk(yaml)).toMatchObject({ images: [image], doubts: [] })
  })

  it.each([
    ['{image: "node:18", repository: "https://github.com/org/app"}', 'docker.io/library/node:18'],
    ['{image: node, repository: "git@corp.io:org/app.git", version: v2}', 'docker.io/library/node:v2'],
    ['{image: node, repository: gitlab.com/org/app}', 'docker.io/library/node:latest'],
    ['{image: node, repo: "oci://q.io/charts"}', 'docker.io/library/node:latest'],
    ['{image: node, version: "Ubuntu 20.04"}', 'docker.io/library/node:latest'],
    ['{image: "a:v1", repository: q.io/org}', 'q.io/org/a:v1'],
    ['{image: a, registry: q.io, repository: org}', 'q.io/org/a:latest'],
    ['{image: a, repository: org, version: v2}', 'docker.io/org/a:v2'],
    ['{IMAGE: "node:18", REPOSITORY: org/app, VERSION: "2"}', 'docker.io/library/node:18'],
    ['{IMAGE: a, REGISTRY: q.io/org, TAG: v1}', 'q.io/org/a:v1'],
    ['{SIDE_IMAGE: a, SIDE_IMAGE_REPOSITORY: q.io/org, SIDE_VERSION: v1}', 'q.io/org/a:v1'],
    ['{IMAGE: org/a, IMAGE_TAG: v1, VERSION: "2"}', 'docker.io/org/a:v1'],
  ])('are kept apart from the source of a program in %s', (yaml, image) => {
    expect(walk(yaml)).toMatchObject({ images: [image], doubts: [] })
  })

  it.each([
    ['{repository: my-org/my-repo, image: "runner:v1"}', 'docker.io/library/runner:v1', ['alone image']],
    ['{repository: my-org/my-repo, image: runner}', 'docker.io/library/runner:latest', ['alone image']],
    [
      'env: [{name: DEFAULT_IMAGE, value: busybox}, {name: VERSION, value: 2.3.4}]',
      'docker.io/library/busybox:latest',
      ['alone env[0].value'],
    ],
    [
      '{DEFAULT_IMAGE: busybox, VERSION: 2.3.4, REPOSITORY: org/app}',
      'docker.io/library/busybox:latest',
      ['unsure ', 'alone DEFAULT_IMAGE'],
    ],
  ])('count alone, and are told, where the repository may be either: %s', (yaml, image, doubts) => {
    expect(walk(yaml)).toMatchObject({ images: [image], doubts })
  })

  it('without a tag are doubts, unless a chart has one', () => {
    expect(walk('a: {image: {repository: q.io/a, tag: ""}}')).toMatchObject({
      images: [],
      doubts: ['unsure a.image'],
    })
    expect(walk('a: {image: {tag: v1, pullPolicy: Always}}')).toMatchObject({
      images: [],
      doubts: ['unsure a.image'],
    })
    expect(walk('a: {image: {repository: q.io/a}}', { defaultTag: '2' }).images).toEqual(['q.io/a:2'])
  })

  it.each([
    'imageRepository: registry.k8s.io\nimageTag: 3.5.6-0',
    'image: {repository: "q.io:5000", tag: v1}',
  ])('are doubts where the name below a registry is missing: %s', yaml =>
    expect(walk(yaml)).toMatchObject({ images: [], doubts: [expect.stringMatching(/^unsure/)] }),
  )

  it.each([
    'chart: {repository: org/charts, tag: v1}',
    'x: {repository: "https://q.io/a", version: v1}',
    'x: {repository: github.com/org/app, tag: v1}',
  ])('are none in %s', yaml => expect(walk(yaml)).toMatchObject({ images: [], doubts: [] }))
})

describe('what is no image', () => {
  it.each([
    'description: uses q.io/a/b:1',
    'logoImage: assets/logo.png',
    'osImage: Ubuntu 20.04',
    'isImage: true',
    'imagePullPolicy: Always',
    'imageID: docker-pullable://redis@sha256:0',
    'rbd: {image: disk}',
    'labels: {image: redis}',
    'text: controller at sigs.k8s.io/runtime/controller.go:234',
    'text: github.com/org/project:main',
    'script: "set -e\n# SIDE_IMAGE=org/a:1\n  // image = \\"q.io/b:1\\"\n"',
    'expr: up{image="nginx"} > 1',
    'image: https://example.com/a',
    'openAPIV3Schema: {properties: {image: {default: "q.io/a:1"}}}',
  ])('%s', yaml => {
    expect(walk(yaml).images).toEqual([])
  })

  it('is told if something else fills it in', () => {
    for (const text of ['auto', '$(IMAGE)', '{{ .Values.image }}', '<image>', 'q.io/*'])
      expect(walk(`containers: [{image: "${text}"}]`)).toMatchObject({
        images: [],
        doubts: ['placeholder containers[0].image'],
      })
  })
})

const name = fc
  .tuple(
    fc.constantFrom('', 'q.io/', 'r.internal:5000/', 'org/'),
    fc.stringMatching(/^x[a-z]{1,8}$/),
    fc.constantFrom('', ':1', ':v1.10-rc'),
  )
  .map(parts => parts.join(''))
const place = fc.constantFrom<(image: string) => unknown>(
  image => ({ spec: { containers: [{ name: 'a', image }] } }),
  image => ({
    env: [
      { name: 'OTHER', value: '1' },
      { name: 'SIDE_IMAGE', value: image },
    ],
  }),
  image => ({ args: ['--verbose', `--side-image=${image}`] }),
  image => ({ args: ['--side-image', image, '--verbose'] }),
  image => ({ data: { 'a.json': JSON.stringify({ defaults: { workspaceImage: image } }) } }),
  image => ({ data: { 'a.yaml': `a:\n  image: ${image}\nb: c\n` } }),
  image => ({ data: { a: JSON.stringify({ b: JSON.stringify({ image }) }) } }),
  image => ({ relatedImages: [{ name: 'a', image }] }),
  image => ({ refCache: { refs: [image] } }),
)

describe('any document', () => {
  it('gives the image at a known key exactly once', () => {
    fc.assert(
      fc.property(name, place, (image, at) => {
        const found = imagesInValue(at(image)).mentions.map(({ source }) => source)
        expect(found).toEqual([parseReference(image)])
      }),
    )
  })

  it('gives no image of prose', () => {
    const word = fc.stringMatching(/^[A-Za-z]{1,9}[.,:;!?]?$/)
    const prose = fc.array(word, { minLength: 2, maxLength: 30 }).map(words => words.join(' '))
    fc.assert(
      fc.property(prose, text => {
        expect(imagesInValue({ data: { text, log: `${text}\n${text}\n` } }).mentions).toEqual([])
      }),
    )
  })
})

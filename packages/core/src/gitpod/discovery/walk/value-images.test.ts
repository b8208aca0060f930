import { describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { formatReference } from '@gpreg/oci'
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
    ['image: docker://redis:7', 'docker.io/library/redis:7'],
  ])('%s', (yaml, image) => {
    expect(walk(yaml).images).toEqual([image])
  })
})

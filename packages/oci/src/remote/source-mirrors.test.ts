import { describe, expect, it } from 'vitest'
import { formatReference, parseReference } from '../model/reference.ts'
import { applySourceMirrors, parseSourceMirror } from './source-mirrors.ts'

const mirrors = [
  'docker.io=proxy.corp/dockerhub',
  'docker.io/bitnami=docker.io/bitnamilegacy',
  'quay.io=127.0.0.1:5000/quay.io',
].map(parseSourceMirror)
const read = (text: string) => formatReference(applySourceMirrors(parseReference(text), mirrors))

describe('source mirrors', () => {
  it.each([
    ['redis:6.2', 'proxy.corp/dockerhub/library/redis:6.2'],
    ['docker.io/bitnami/mysql:5.7', 'docker.io/bitnamilegacy/mysql:5.7'],
    ['docker.io/bitnamix/mysql:5.7', 'proxy.corp/dockerhub/bitnamix/mysql:5.7'],
    ['quay.io/brancz/kube-rbac-proxy:v1', '127.0.0.1:5000/quay.io/brancz/kube-rbac-proxy:v1'],
    ['ghcr.io/a/b:1', 'ghcr.io/a/b:1'],
  ])('%s is read from %s', (reference, from) => {
    expect(read(reference)).toBe(from)
  })

  it.each(['docker.io', '=x', 'docker.io=', 'docker.io=https://proxy'])('%j is refused', text => {
    expect(() => parseSourceMirror(text)).toThrow(expect.objectContaining({ code: 'usage' }))
  })

  it.each(['docker.io=user:hunter2@proxy', 'user:hunter2@docker.io=proxy'])(
    'a login is refused before an image is read: %j',
    text =>
      expect(() => parseSourceMirror(text)).toThrow(/^"…@(proxy|docker\.io)\/image" .* it has a login$/),
  )
})

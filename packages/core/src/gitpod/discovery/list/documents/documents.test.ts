import { describe, expect, it } from 'vitest'
import { isRemark } from '../list-item.ts'
import { readDocuments } from './document-list.ts'

const pin = `sha256:${'a'.repeat(64)}`

/** What a document gives, in lines: `LINE NAME`, `LINE NAME -> TARGET`, `LINE ! REMARK`. */
function read(text: string): string[] {
  return readDocuments(text, 'list').map(item => {
    if (isRemark(item)) return `${item.line} ! ${item.remark}`
    return `${item.line} ${item.name}${item.target === undefined ? '' : ` -> ${item.target}`}`
  })
}

describe('plain lists', () => {
  it.each([
    ['["redis:6",\n"quay.io/a=r/a",]', ['1 redis:6', '2 quay.io/a -> r/a']],
    ['[\n// cache\n"redis:6"]', ['3 redis:6']],
    [
      '[{"original":"redis:6","target":"r/redis:6"},{"original":"","target":"r/"}]',
      ['1 redis:6 -> r/redis:6', '1 ! this entry names no image'],
    ],
    [
      `- image: quay.io/a/b\n  tag: 1.10\n- {registry: ghcr.io, repository: c/d, digest: "${pin}"}\n- {image: e, tag: "${pin}"}`,
      ['1 quay.io/a/b:1.10', `3 ghcr.io/c/d@${pin}`, `4 e@${pin}`],
    ],
    [
      'images:\n- redis:6\n- name: quay.io/a/b:1\nother: [x]',
      ['2 redis:6', '3 quay.io/a/b:1', '4 ! other is not read'],
    ],
    [
      '- {registry: ghcr.io, image: a/b, version: "1"}\n- {registry: ghcr.io, repository: c, image: d, tag: 2}\n- {image: docker.io/e, registry: ghcr.io, imageTag: 3}',
      ['1 ghcr.io/a/b:1', '2 ghcr.io/c/d:2', '3 docker.io/e:3'],
    ],
    [
      `images:\n- name: redis\n  tags: ["6", 1.10]\n- {repository: a/b, tags: ["PIN"]}\n- {name: c, newName: r/c, newTag: 1}`.replace(
        'PIN',
        pin,
      ),
      ['2 redis:6', '2 redis:1.10', `4 a/b@${pin}`, '5 r/c:1'],
    ],
    [
      '- image: b\n  repository: quay.io/a/b\n  tag: 1\n- image: c:1',
      ['1 ! an image is left out, because the key repository may already name it: quay.io/a/b', '4 c:1'],
    ],
    [
      'x: &base {tag: "6"}\ny: &own {<<: *base, tag: null, registry: r.corp}\nimages:\n- <<: *own\n  image: redis',
      ['5 r.corp/redis', '1 ! x is not read', '2 ! y is not read'],
    ],
    [
      `images: [{repoTags: [<none>:<none>], repoDigests: ["a@${pin}"]}, {repoTags: [b:1]}]`,
      [`1 a@${pin}`, '1 b:1'],
    ],
    ['image: a:1\nimages: [b:1]', ['2 b:1', '1 ! image is not read']],
    ['x: &base {tag: "6"}\nimages:\n- <<: *base\n  image: redis', ['4 redis:6', '1 ! x is not read']],
    [
      '{"Repository":"redis","Tag":"6","ID":"a"}\n{"Repository":"<none>","Tag":"<none>"}',
      ['1 redis:6', '2 ! this entry names no image'],
    ],
    [
      '{"images":[{"id":"sha256:0","repoTags":["a:1","b:1"]},{"repoTags":[],"repoDigests":["c@sha256:0"]}]}',
      ['1 a:1', '1 b:1', '1 c@sha256:0'],
    ],
    [
      'quay.io/a/b:1: r.corp/a/b:1\nredis:6: [r.corp/redis:6, s.corp/redis:6]',
      ['1 quay.io/a/b:1 -> r.corp/a/b:1', '2 redis:6 -> r.corp/redis:6', '2 redis:6 -> s.corp/redis:6'],
    ],
    [
      '{"kind":"ImageSet","version":1,"images":[{"source":"a:1","purpose":"components","origins":["x"]}],"excluded":[]}',
      ['1 a:1'],
    ],
    ['web: quay.io/web:1\njobs:\n- redis:6\n- cron:1', ['1 quay.io/web:1', '3 redis:6', '4 cron:1']],
    [
      '- redis:6\n---\napiVersion: v1\nkind: Pod',
      ['1 redis:6', expect.stringMatching(/^3 ! a Kubernetes object is not read/)],
    ],
  ])('are read: %j', (text, items) => {
    expect(read(text)).toEqual(items)
  })
})

describe('lists of other tools', () => {
  it.each([
    [
      'skopeo',
      'docker.io:\n  tls-verify: false\n  images:\n    library/redis: ["6.2", 1.10]\n    a/b:\n    - PIN\n    c/d: []\n  images-by-tag-regex: {nginx: "^1"}\nlocalhost:5000:\n  images: {e: [1]}'.replace(
        'PIN',
        pin,
      ),
      [
        '4 docker.io/library/redis:6.2',
        '4 docker.io/library/redis:1.10',
        `6 docker.io/a/b@${pin}`,
        expect.stringMatching(/^7 ! .*all tags/),
        expect.stringMatching(/^8 ! images-by-tag-regex/),
        '10 localhost:5000/e:1',
      ],
    ],
    [
      'skopeo with a registry without images',
      'quay.io:\n  tls-verify: false\ndocker.io:\n  images: {redis: [6]}\n',
      ['1 ! quay.io names no images', '4 docker.io/redis:6'],
    ],
    [
      'hauler',
      'apiVersion: content.hauler.cattle.io/v1\nkind: Images\nmetadata: {annotations: {hauler.dev/registry: r.corp}}\nspec:\n  images:\n  - name: redis:6\n  - {name: quay.io/a/b:1, platform: linux/amd64}\n---\napiVersion: content.hauler.cattle.io/v1\nkind: Files\nspec: {files: []}',
      ['6 r.corp/redis:6', '7 quay.io/a/b:1', expect.stringMatching(/^9 ! Files of hauler/)],
    ],
    [
      'zarf',
      'kind: ZarfPackageConfig\ncomponents:\n- name: a\n  images: &all [redis:6]\n  charts: [{name: c}]\n- name: b\n  images: *all\n',
      ['4 redis:6', '5 ! component a: charts is not read', '4 redis:6'],
    ],
    [
      'imgpkg',
      `apiVersion: imgpkg.carvel.dev/v1alpha1\nkind: ImagesLock\nimages:\n- image: quay.io/a@${pin}\n  annotations: {kbld.carvel.dev/id: a:1}`,
      [`4 quay.io/a@${pin}`],
    ],
    [
      'KOTS',
      'apiVersion: kots.io/v1beta1\nkind: Application\nspec:\n  additionalImages:\n  - redis:6\n',
      ['5 redis:6'],
    ],
    [
      'oc-mirror',
      'apiVersion: mirror.openshift.io/v1alpha2\nkind: ImageSetConfiguration\nmirror:\n  platform: {channels: []}\n  additionalImages:\n  - name: redis:6\n',
      ['6 redis:6', expect.stringMatching(/^4 ! mirror.platform is not read/)],
    ],
    [
      'regsync',
      'version: 1\nsync:\n- {source: "a:1", target: "r/a:1", type: image}\n- {source: b, target: r/b, type: repository}\n',
      ['3 a:1 -> r/a:1', expect.stringMatching(/^4 ! the images of the repository b/)],
    ],
  ])('are read: %s', (_, text, items) => {
    expect(read(text)).toEqual(items)
  })
})

describe('other documents', () => {
  it.each([
    ['apiVersion: v1\nkind: Pod\n', 'a Kubernetes object', '--manifests'],
    ['{"kind":"Lock","version":3,"images":[]}', 'a lock', '--lock'],
    ['components: {server: {version: x}}', 'a versions manifest', '--versions'],
    ['domain: x\ncertificate: {}', 'the Gitpod installer', '--config'],
    ['services: {db: {image: x}}', 'a Compose file', 'docker compose config --images'],
    ['image: {file: Dockerfile}\n', 'a .gitpod.yml', '--workspace-repo'],
    ['image: a\nports: [{port: 1}]', 'a .gitpod.yml', '--workspace-repo'],
    ['tasks: [{init: make}]', 'a .gitpod.yml', '--workspace-repo'],
    [
      'relay: skopeo\ntasks: [{name: a, source: {registry: b}, target: {registry: c}}]',
      'dregsy',
      'one a line',
    ],
    ['tasks: {build: {cmds: [make]}}', 'a Taskfile', '--image'],
    ['apiVersion: v2\nname: x\nversion: 1.0.0', 'the Chart.yaml', '--chart'],
    ['server:\n  image: {repository: a, tag: b}', 'the values of a Helm chart', '--chart-values'],
    ['resources: [a.yaml]\nimages: [{name: a, newTag: "1"}]', 'a kustomization', 'kustomize build'],
    ['apiVersion: skaffold/v4beta1\nkind: Config', 'Skaffold', 'skaffold render'],
    ['{"version": 4, "terraform_version": "1.3", "resources": [{}]}', 'Terraform', '--image'],
    ['{"artifacts": [], "source": {}, "schema": {}}', 'a bill of materials', 'images themselves'],
    ['image: node:18\nbuild:\n  script: [make]', 'a file of a CI system', '--image'],
    ['image: node:18\npipelines: {default: []}', 'a file of a CI system', '--image'],
    ['on: push\njobs: {a: {container: node:18}}', 'a file of a CI system', '--image'],
    ['{"auths":{}}', 'credentials', '--authfile'],
  ])('are refused by what they are: %j', (text, what, flag) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({
        code: 'input-invalid',
        message: expect.stringContaining(what),
        hint: expect.stringContaining(flag),
      }),
    )
  })

  it.each([
    ['[\n{"original":"a"},\n{"name":"redis"}]', 'list:3: no key of this entry names an image: name'],
    ['[["a"]]', 'list:1: a list in the list'],
    ['{"a":{"b":1}}', 'list:1: this is a map with the keys a, not a list of images'],
    ['[{]', 'list:1'],
  ])('are refused with the line: %j', (text, message) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ code: 'input-invalid', message: expect.stringContaining(message) }),
    )
  })
})

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createContext } from '../../../context.ts'
import { isGpregError, formatReference } from '@gpreg/oci'
import type { GpregEvent } from '../../../events.ts'
import { referencesInText } from '../walk/prose.ts'
import { manifestImages, parseManifests } from './manifests.ts'

const images = (text: string, context = createContext()) =>
  parseManifests(text, 'all.yaml', context)
    .map(({ source }) => formatReference(source))
    .toSorted()
const pod = (spec: unknown) => JSON.stringify({ apiVersion: 'v1', kind: 'Pod', spec })
const configMap = (value: unknown) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', data: { 'config.json': value } })
const pin = `sha256:${'a'.repeat(64)}`

describe('image fields', () => {
  it('are found in all kinds of containers, at any depth, also with short names', () => {
    const yaml = `
apiVersion: batch/v1
kind: CronJob
spec:
  jobTemplate: {spec: {template: {spec: {containers: [{image: busybox}]}}}}
---
# nothing here
---
apiVersion: example.io/v1
kind: Thing
spec:
  image: redis:6
  pod:
    initContainers: [{name: a, image: "quay.io/a/b@${pin}"}]
    ephemeralContainers:
      - image: &again ghcr.io/c/d:1
      - image: *again
`
    expect(images(yaml)).toEqual([
      'docker.io/library/busybox:latest',
      'docker.io/library/redis:6',
      'ghcr.io/c/d:1',
      `quay.io/a/b@${pin}`,
    ])
  })

  it('without a value are skipped with a warning', () => {
    const events: GpregEvent[] = []
    const yaml =
      'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image:\n  - image: null\n  - image: ""\n'
    expect(images(yaml, createContext({ emit: event => events.push(event) }))).toEqual([])
    expect(events.map(event => event.type === 'warning' && event.code)).toEqual(
      Array(3).fill('image-skipped'),
    )
  })

  it('that may have a part of their name beside them count, with a warning', () => {
    const events: GpregEvent[] = []
    const yaml = 'apiVersion: x/v1\nkind: Runner\nspec:\n  repository: my/repo\n  image: runner:v1\n'
    expect(images(yaml, createContext({ emit: event => events.push(event) }))).toEqual([
      'docker.io/library/runner:v1',
    ])
    expect(events).toMatchObject([
      { code: 'image-skipped', message: expect.stringMatching(/all\.yaml:5.*"runner:v1", but my\/repo/) },
    ])
  })

  it('that are malformed are refused, and the message has their line', () => {
    const yaml = 'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: Upper/Case\n'
    expect(() => images(yaml)).toThrow(
      expect.objectContaining({ code: 'reference-invalid', message: expect.stringContaining('all.yaml:5') }),
    )
  })
})

describe('images outside of image fields', () => {
  it('are found in JSON of a ConfigMap, also in JSON inside a string, with any host', () => {
    const inner = JSON.stringify({ ide: 'quay.io/inner/ide:1', text: 'line\nprivate:5000/x/y:2' })
    const outer = JSON.stringify({ image: 'ghcr.io/outer/img:3', inner, 'docker.io/key/image:4': {} })
    expect(images(configMap(outer))).toEqual([
      'docker.io/key/image:4',
      'ghcr.io/outer/img:3',
      'private:5000/x/y:2',
      'quay.io/inner/ide:1',
    ])
  })

  it.each(['{image: {repository: quay.io/a/b, tag: v1}}', 'image: {repository: quay.io/a/b, tag: v1}'])(
    'are found in YAML in one line: %s',
    valuesContent => {
      const chart = { apiVersion: 'helm.cattle.io/v1', kind: 'HelmChart', spec: { valuesContent } }
      expect(images(JSON.stringify(chart))).toEqual(['quay.io/a/b:v1'])
    },
  )

  it('are found in environment, arguments and annotations', () => {
    const container = {
      image: 'busybox:1',
      args: ['--worker=quay.io/a/worker:1', '--flag'],
      env: [{ name: 'IMAGE', value: 'ghcr.io/b/env:2' }],
    }
    expect(images(pod({ containers: [container] }))).toEqual([
      'docker.io/library/busybox:1',
      'ghcr.io/b/env:2',
      'quay.io/a/worker:1',
    ])
  })

  it('are found behind the transport of a registry', () => {
    const objects = [
      {
        apiVersion: 'extensions.istio.io/v1alpha1',
        kind: 'WasmPlugin',
        spec: { url: 'oci://quay.io/a/wasm:1' },
      },
      {
        apiVersion: 'x/v1',
        kind: 'Model',
        spec: { image: 'oci://quay.io/a/model:1', from: 'oci://quay.io/a/untagged' },
      },
    ]
    expect(images(JSON.stringify(objects))).toEqual(['quay.io/a/model:1', 'quay.io/a/wasm:1'])
  })

  it.each([
    'https://quay.io/a/b:8080',
    'server:3000',
    'localhost:8086/ready',
    'eu.gcr.io/gitpod-core-dev/build/ide/code',
    'redis:6.2',
    'gitpod/workspace-full:latest',
    'quay.io/a/b:${TAG}',
    '${REGISTRY}/a/b:1',
    'user@example.com/x:1',
    '2022.01.02/a:1',
    'Content-Type/x:1',
  ])('are not found in %s', text => {
    expect(images(configMap(text))).toEqual([])
  })

  it('are found among words, quotes and brackets', () => {
    const text = `use quay.io/a/b:1, "10.0.0.1:5000/c:2" or {x: docker://docker.io/library/d:3}.`
    expect(referencesInText(text).map(formatReference)).toEqual([
      'quay.io/a/b:1',
      '10.0.0.1:5000/c:2',
      'docker.io/library/d:3',
    ])
  })
})

describe('what a build pushes', () => {
  const build = (apiVersion: string, kind: string, spec: object) => JSON.stringify({ apiVersion, kind, spec })
  const [out, base] = ['quay.io/out/app:1', 'quay.io/base/a:1']

  it.each([
    build('build.openshift.io/v1', 'BuildConfig', {
      output: { to: { kind: 'DockerImage', name: out } },
      strategy: { dockerStrategy: { from: { kind: 'DockerImage', name: base } } },
    }),
    build('v1', 'Template', {
      objects: [{ spec: { output: { to: { kind: 'DockerImage', name: out } } } }, base],
    }),
    build('shipwright.io/v1beta1', 'Build', { output: { image: out }, builder: { image: base } }),
    build('kafka.strimzi.io/v1beta2', 'KafkaConnect', { image: base, build: { output: { image: out } } }),
    build('kpack.io/v1alpha2', 'Image', { tag: out, base }),
    ...[
      [`--destination=${out}`],
      ['--destination', out],
      ['--output', `type=image,name=${out},push=true`],
    ].map(args => pod({ containers: [{ image: base, args }] })),
  ])('is left out, and told: %s', text => {
    const events: GpregEvent[] = []
    expect(images(text, createContext({ emit: event => events.push(event) }))).toEqual([base])
    expect(events).toMatchObject([
      {
        code: 'image-skipped',
        message: expect.stringContaining(`is what a build pushes and is left out: ${out}`),
      },
    ])
  })

  it.each([
    'docker build --pull -t quay.io/out/a:1 . && docker push quay.io/out/a:1',
    'buildah bud \\\n  --tag=quay.io/out/a:1 .',
    '/kaniko/executor --context=. --destination=quay.io/out/a:1',
  ])('is left out in a script: %s', script => {
    const args = ['-c', `${script}\ndocker run -t quay.io/in/a:1`]
    expect(images(pod({ containers: [{ image: base, args }] }))).toEqual([base, 'quay.io/in/a:1'])
  })
})

describe('parseManifests', () => {
  it.each([
    ['# a comment\n---\nreplicas: 3\n', 'all.yaml:3'],
    ['apiVersion: v1\nkind: Pod\n---\na: [1\n', 'all.yaml:5'],
    ['', 'empty'],
    ['# a comment', 'empty'],
    ['a\0b', 'binary'],
    ['caf\uFFFD: 1', 'encoding'],
    ['just text', 'all.yaml:1'],
    ['a: [1\nb: 2', 'all.yaml'],
    ['['.repeat(50_000), 'all.yaml'],
    ['apiVersion: v1\nkind: Pod\na: &a [*a]\n', 'all.yaml:3: not YAML that Kubernetes reads: the anchor &a'],
  ])('refuses a text that is no Kubernetes object', (text, place) => {
    expect(() => images(text)).toThrow(
      expect.objectContaining({ code: 'input-invalid', message: expect.stringContaining(place) }),
    )
  })

  it('reads objects with the character that stands for broken bytes', () => {
    const yaml = 'apiVersion: v1\nkind: Pod\nspec: {containers: [{image: redis:6, args: ["\uFFFD"]}]}\n'
    expect(images(yaml)).toEqual(['docker.io/library/redis:6'])
  })

  it.each(['\uFEFF', '---\n\uFEFF', '\uFEFF---\n', '---\n\uFEFF---\n'])(
    'reads joined files with byte order marks: %j',
    between => {
      const [one, two] = ['a:1', 'b:2'].map(
        image => `apiVersion: v1\nkind: Pod\nspec: {containers: [{image: "${image}"}]}\n`,
      )
      const second = between.includes('---') ? two : `---\n${two}`
      const events: GpregEvent[] = []
      const context = createContext({ emit: event => events.push(event) })
      expect(images(`\uFEFF${one}${between}${second}`, context)).toEqual([
        'docker.io/library/a:1',
        'docker.io/library/b:2',
      ])
      expect(events).toEqual([])
    },
  )

  it('throws only GpregErrors for any text', () => {
    const nested = fc.letrec(tie => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.array(tie('node')),
        fc.dictionary(fc.constantFrom('image', 'containers', 'data'), tie('node')),
      ),
    })).node
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...'ai:-&*!|>%@[]{}"\' \n\t#') }),
      nested.map(spec => pod(spec)),
    )
    fc.assert(
      fc.property(text, content => {
        try {
          images(content)
        } catch (error) {
          expect(isGpregError(error)).toBe(true)
        }
      }),
    )
  })
})

describe('a live dump', () => {
  const owned = (kind: string, object: object) => ({
    apiVersion: 'apps/v1',
    metadata: { name: 'a', ownerReferences: [{ kind }] },
    ...object,
  })
  const list = (...items: object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
  const template = { template: { spec: { containers: [{ image: 'old:1' }] } } }

  it('gives what the spec and status of pods name, and no other state', () => {
    const items = [
      {
        ...{ apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ image: 'a:1' }] } },
        metadata: {
          annotations: {
            'kubectl.kubernetes.io/last-applied-configuration': pod({ containers: [{ image: 'old:1' }] }),
          },
        },
        status: { containerStatuses: [{ image: 'b:1', imageID: `q.io/c@${pin}` }, { image: pin }] },
      },
      { apiVersion: 'v1', kind: 'Node', status: { images: [{ names: ['q.io/cached:1'] }] } },
    ]
    expect(images(list(...items))).toEqual(['docker.io/library/a:1', 'docker.io/library/b:1'])
  })

  it.each([
    owned('Deployment', { kind: 'ReplicaSet', spec: { replicas: 0, ...template } }),
    owned('CronJob', {
      kind: 'Job',
      spec: template,
      status: { conditions: [{ type: 'Complete', status: 'True' }] },
    }),
    owned('ReplicaSet', { kind: 'Pod', spec: template.template.spec, status: { phase: 'Failed' } }),
    owned('StatefulSet', { kind: 'ControllerRevision', data: { spec: template } }),
  ])('leaves out what its controller has replaced, and says so', object => {
    const events: GpregEvent[] = []
    expect(images(list(object), createContext({ emit: event => events.push(event) }))).toEqual([])
    expect(events).toMatchObject([{ code: 'image-skipped', message: expect.stringContaining('/a') }])
  })

  it('keeps the one whose controller still runs it', () => {
    expect(
      images(list(owned('Deployment', { kind: 'ReplicaSet', spec: { replicas: 1, ...template } }))),
    ).toHaveLength(1)
  })
})

describe('foreign content', () => {
  it.each([
    ['{apiVersion: mirror.openshift.io/v1alpha2, kind: ImageSetConfiguration}', 'oc-mirror'],
    ['{apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization}', 'Kustomization'],
    ['services: {a: {image: redis}}', 'Compose'],
    ['{apiVersion: v2, name: a, version: 1.0.0}', 'Helm'],
    ['docker.io: {images: {redis: ["6"]}}', 'skopeo'],
    ['{apiVersion: v1, kind: Full, domain: a.b}', 'installer'],
    ['{on: push, jobs: {}}', 'GitHub'],
    ['a: {{ .Values.a }}\nb: {{- end }}', 'template'],
  ])('%s is refused as what it is, with the next step', (text, what) => {
    expect(() => images(text)).toThrow(
      expect.objectContaining({
        code: 'input-invalid',
        message: expect.stringContaining(what),
        hint: expect.any(String),
      }),
    )
  })

  it('beside an object is passed over with a warning', () => {
    const events: GpregEvent[] = []
    const text = `${pod({ containers: [{ image: 'a:1' }] })}\n---\nreplicas: 3\n`
    expect(images(text, createContext({ emit: event => events.push(event) }))).toHaveLength(1)
    expect(events).toMatchObject([{ code: 'input-skipped', message: expect.stringContaining('all.yaml:3') }])
  })

  it('costs a definition nothing: what it describes is not read', () => {
    expect(
      images('apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {image: redis}\n'),
    ).toEqual([])
  })
})

describe('manifestImages', () => {
  let directory: string
  beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-manifests-'))))
  afterEach(() => rm(directory, { recursive: true }))
  const read = (path: string, text = '') => manifestImages(path, async () => text, createContext())

  it('reads a directory with its subdirectories, and standard input', async () => {
    await mkdir(join(directory, 'sub'))
    await writeFile(join(directory, 'a.yaml'), pod({ containers: [{ image: 'one:1' }] }))
    await writeFile(join(directory, 'sub/b.yml'), pod({ containers: [{ image: 'two:2' }] }))
    await writeFile(join(directory, 'README.md'), 'no: manifest')
    const found = await read(directory)
    expect(found.map(({ origins }) => origins[0])).toEqual([
      `manifests:${directory}/a.yaml:Pod:spec.containers[0].image`,
      `manifests:${directory}/sub/b.yml:Pod:spec.containers[0].image`,
    ])
    expect(await read('-', pod({ containers: [{ image: 'one:1' }] }))).toHaveLength(1)
  })

  it('passes over what is no manifest in a directory, and names it', async () => {
    await writeFile(join(directory, 'a.yaml'), pod({ containers: [{ image: 'one:1' }] }))
    await writeFile(join(directory, 'broken.yaml'), 'a: [1')
    await writeFile(join(directory, 'latin.yaml'), Buffer.from([0x61, 0x3a, 0xe9]))
    await writeFile(join(directory, 'empty.yaml'), '')
    await symlink(join(directory, 'absent'), join(directory, 'link.yaml'))
    const messages: string[] = []
    const context = createContext({ emit: event => event.type === 'warning' && messages.push(event.message) })
    expect(await manifestImages(directory, async () => '', context)).toHaveLength(1)
    expect(messages.map(message => /(\w+)\.yaml/.exec(message)?.[1]).toSorted()).toEqual([
      'broken',
      'empty',
      'latin',
      'link',
    ])
  })

  it('refuses a missing file, and a directory without manifests', async () => {
    await expect(read(join(directory, 'absent.yaml'))).rejects.toMatchObject({ code: 'input-unreadable' })
    await expect(read(directory)).rejects.toMatchObject({ code: 'input-invalid' })
  })
})

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createContext } from '../../../context.ts'
import type { GpregEvent } from '../../../events.ts'
import { formatReference } from '@gpreg/oci'
import { workspaceRepoImages, type WorkspaceFiles } from './workspace-repo.ts'

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-repo-'))))
afterEach(() => rm(directory, { recursive: true }))

const events: GpregEvent[] = []
async function images(files: Record<string, string>, also: readonly WorkspaceFiles[] = []) {
  events.length = 0
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), text)
  }
  const found = await workspaceRepoImages(
    directory,
    createContext({ emit: event => events.push(event) }),
    also,
  )
  return found.map(({ source }) => formatReference(source))
}
const dockerfile = (text: string) =>
  images({ '.gitpod.yml': 'image:\n  file: .gitpod.Dockerfile\n', '.gitpod.Dockerfile': text })

describe('.gitpod.yml', () => {
  it('names an image', async () => {
    expect(await images({ '.gitpod.yml': 'image: gitpod/workspace-node\ntasks: []\n' })).toEqual([
      'docker.io/gitpod/workspace-node:latest',
    ])
  })

  it('in UTF-16 is read and never written', async () => {
    const text = Buffer.from('image: gitpod/workspace-node\n', 'utf16le')
    await writeFile(join(directory, '.gitpod.yml'), text)
    const [found] = await workspaceRepoImages(directory, createContext())
    expect(found).toMatchObject({ source: { repository: 'gitpod/workspace-node' } })
    expect(found?.mention).toMatchObject({ byHand: 'in a file that is not UTF-8' })
  })

  it.each([{}, { '.gitpod.yml': 'tasks: []\n' }, { '.gitpod.yml': '' }])(
    'without an image means workspace-full',
    async files => {
      expect(await images(files)).toEqual(['docker.io/gitpod/workspace-full:latest'])
    },
  )

  it.each([
    ['an alias', 'x: &a alpine:3\nimage: *a\n'],
    ['an alias of a map', 'x: &a {file: Dockerfile}\nimage: *a\n'],
    ['a merge', 'x: &a {image: alpine:3}\n<<: *a\n'],
    ['a list of merges', 'x: &a {image: alpine:3}\ny: &b {image: b}\n<<: [*a, *b]\n'],
    ['its own key before merges', 'x: &a {image: b}\n<<: *a\nimage: alpine:3\n'],
    ['a merge inside of image', 'x: &a {file: Dockerfile}\nimage: {<<: *a, context: .}\n'],
    ['a map that merges itself', 'x: &a {<<: *a, image: alpine:3}\n<<: *a\n'],
    ['quotes', 'image: "alpine:3"\n'],
  ])('is YAML: %s', async (_, yaml) => {
    expect(await images({ '.gitpod.yml': yaml, Dockerfile: 'FROM alpine:3\n' })).toEqual([
      'docker.io/library/alpine:3',
    ])
  })

  it('names a Dockerfile by its path in the repository, also if there is a build context', async () => {
    const yaml = 'image:\n  file: docker/Dockerfile\n  context: ./docker\n'
    expect(await images({ '.gitpod.yml': yaml, 'docker/Dockerfile': 'FROM alpine:3\n' })).toEqual([
      'docker.io/library/alpine:3',
    ])
  })

  it.each([
    ['image: Not/Valid\n', 'reference-invalid'],
    ['- image\n', 'input-invalid'],
    ['image: [\n', 'input-invalid'],
    ['image:\n  - alpine\n', 'input-invalid'],
    ['image: 42\n', 'input-invalid'],
    ['image: true\n', 'input-invalid'],
    ['image: {context: .}\n', 'input-invalid'],
    ['image: {file: [Dockerfile]}\n', 'input-invalid'],
    ['image: *none\n', 'input-invalid'],
    ['image: a\nimage: b\n', 'input-invalid'],
    ['image: a\n---\nimage: b\n', 'input-invalid'],
    ['image: {file: ../Dockerfile}\n', 'input-invalid'],
    ['image: {file: link}\n', 'input-invalid'],
    ['image: {file: absent}\n', 'input-unreadable'],
  ])('is refused with the content %j', async (yaml, code) => {
    await symlink('/etc/hostname', join(directory, 'link'))
    await expect(images({ '.gitpod.yml': yaml })).rejects.toMatchObject({ code })
  })
})

it('refuses a directory that does not exist', async () => {
  await expect(workspaceRepoImages(join(directory, 'absent'), createContext())).rejects.toMatchObject({
    code: 'input-unreadable',
  })
})

describe('the Dockerfile', () => {
  it('gives the images of its FROM lines, without earlier stages and scratch', async () => {
    const text = `
# syntax=docker/dockerfile:1
FROM --platform=$BUILDPLATFORM golang:1.19 AS Build
RUN true
FROM build AS test
FROM scratch
FROM quay.io/a/b:2
COPY --from=build /x /x
`
    expect(await dockerfile(text)).toEqual(['docker.io/library/golang:1.19', 'quay.io/a/b:2'])
  })

  it('uses the defaults of build arguments', async () => {
    const text = `
ARG VERSION=3.16
ARG BASE="alpine:$VERSION" EMPTY=
FROM \${BASE}
FROM quay.io/x/y:\${TAG:-7}
FROM node:\${VERSION:+18}\${EMPTY}
`
    expect(await dockerfile(text)).toEqual([
      'docker.io/library/alpine:3.16',
      'quay.io/x/y:7',
      'docker.io/library/node:18',
    ])
  })

  it('skips a FROM line with a build argument without a default, with a warning', async () => {
    expect(await dockerfile('ARG BASE\nFROM $BASE\nFROM alpine\n')).toEqual([
      'docker.io/library/alpine:latest',
    ])
    expect(events).toMatchObject([
      { code: 'image-skipped', message: expect.stringContaining('.gitpod.Dockerfile:2') },
    ])
  })

  it('skips a malformed FROM line with a warning, and is refused if there is none', async () => {
    expect(await dockerfile('\nFROM Not/Valid\nFROM alpine\n')).toEqual(['docker.io/library/alpine:latest'])
    expect(events).toMatchObject([
      { code: 'image-skipped', message: expect.stringContaining('.gitpod.Dockerfile:2') },
    ])
    await expect(dockerfile('RUN true\n')).rejects.toMatchObject({ code: 'input-invalid' })
  })
})

const devcontainer = (json: string, files: Record<string, string> = {}) =>
  images({ '.devcontainer/devcontainer.json': json, ...files }, ['devcontainer'])

describe('devcontainer.json', () => {
  it('names an image and features, in JSON with comments', async () => {
    const json = `// a comment
{\t"image": "quay.io/a/b:1", /* "image": "c" */
  "features": { "ghcr.io/a/f:1": {}, "./local": {}, "old-name": {}, },
}`
    expect(await devcontainer(json)).toEqual(['quay.io/a/b:1', 'ghcr.io/a/f:1'])
    expect(events).toMatchObject([{ message: expect.stringContaining('json:3: the feature old-name') }])
  })

  it('names a Dockerfile with arguments, and Compose files, beside it', async () => {
    const json = `{"build": {"dockerfile": "Dockerfile", "args": {"V": 18}}, "dockerComposeFile": "../compose.yaml"}`
    const files = {
      '.devcontainer/Dockerfile': 'ARG V\nFROM node:$V\n',
      'compose.yaml': 'services: {a: {image: redis:6}}\n',
    }
    expect(await devcontainer(json, files)).toEqual([
      'docker.io/library/node:18',
      'docker.io/library/redis:6',
    ])
  })

  it('is told of, but not read without the flag', async () => {
    const files = { '.devcontainer/x/devcontainer.json': '{"image": "a"}' }
    expect(await images(files)).toEqual(['docker.io/gitpod/workspace-full:latest'])
    expect(events).toMatchObject([{ message: expect.stringContaining('--workspace-files devcontainer') }])
  })

  it('is a warning if its image has a wrong type or its file is outside', async () => {
    await devcontainer('{"image": ["a"], "build": {"dockerfile": "../../x"}}')
    expect(events).toMatchObject([
      { message: expect.stringContaining('image is a list') },
      { message: expect.stringContaining('outside of the repository') },
    ])
  })
})

describe('Compose', () => {
  it('names images of services, with variables of .env, and builds', async () => {
    const yaml = `x-base: &base {image: "redis:\${TAG:-6}"}
services:
  a: {<<: *base}
  b: {image: "b:\${V}"}
  c: {image: made-here, build: {context: c, args: [W=2]}}
  d: {image: "\${NONE}"}
`
    const files = { 'docker-compose.yml': yaml, '.env': 'V="3" # x\n', 'c/Dockerfile': 'ARG W\nFROM c:$W\n' }
    expect((await images(files, ['compose'])).toSorted()).toEqual([
      'docker.io/gitpod/workspace-full:latest',
      'docker.io/library/b:3',
      'docker.io/library/c:2',
      'docker.io/library/redis:6',
    ])
    expect(events).toMatchObject([
      { message: expect.stringContaining('docker-compose.yml:6: image ${NONE} uses NONE') },
    ])
  })
})

it('takes a directory of repositories, and says what it passes over', async () => {
  const files = { 'a/.gitpod.yml': 'image: a:1\n', 'b/.gitpod.yml': 'image: [b]\n', 'c/README.md': '' }
  expect(await images(files)).toEqual(['docker.io/library/a:1'])
  expect(events).toMatchObject([
    { message: expect.stringMatching(/passed over.*: c$/) },
    { message: expect.stringContaining('b/.gitpod.yml:1: image is a list') },
  ])
})

it.each([
  [
    'merges inside merges',
    `a0: &a0 {x: y}\n${Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} {<<: [${`*a${i}, `.repeat(9)}]}\n`).join('')}image: {<<: *a40}\n`,
  ],
  ['nesting', `image: ${'['.repeat(100_000)}`],
  [
    'a long chain of merges',
    `a0: &a0 {x: y}\n${Array.from({ length: 5000 }, (_, i) => `a${i + 1}: &a${i + 1} {<<: *a${i}}\n`).join('')}image: *a5000\n`,
  ],
  ['a large file', `# ${'x'.repeat(1 << 20)}\n`],
])('refuses hostile YAML: %s', async (_, yaml) => {
  await expect(images({ '.gitpod.yml': yaml })).rejects.toMatchObject({ code: 'input-invalid' })
})

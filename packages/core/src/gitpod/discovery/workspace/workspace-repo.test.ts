import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createContext } from '../../../context.ts'
import type { GpregEvent } from '../../../events.ts'
import { formatReference } from '@gpreg/oci'
import { workspaceRepoImages } from './workspace-repo.ts'

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-repo-'))))
afterEach(() => rm(directory, { recursive: true }))

const events: GpregEvent[] = []
async function images(files: Record<string, string>) {
  events.length = 0
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), text)
  }
  const found = await workspaceRepoImages(directory, createContext({ emit: event => events.push(event) }))
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

  it.each([{}, { '.gitpod.yml': 'tasks: []\n' }, { '.gitpod.yml': '' }])(
    'without an image means workspace-full',
    async files => {
      expect(await images(files)).toEqual(['docker.io/gitpod/workspace-full:latest'])
    },
  )

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

  it('is refused if a FROM line is malformed or if there is none', async () => {
    await expect(dockerfile('\nFROM Not/Valid\n')).rejects.toMatchObject({
      code: 'reference-invalid',
      message: expect.stringContaining('.gitpod.Dockerfile:2'),
    })
    await expect(dockerfile('RUN true\n')).rejects.toMatchObject({ code: 'input-invalid' })
  })
})

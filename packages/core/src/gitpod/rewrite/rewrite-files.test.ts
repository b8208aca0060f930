import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { formatReference } from '@gpreg/oci'
import { lacks } from '@gpreg/oci/testing'
import { createContext } from '../../context.ts'
import { workspaceRepoImages } from '../discovery/workspace/workspace-repo.ts'
import { targetNames } from '../naming.ts'
import { rewriteFiles } from './rewrite-files.ts'
import { rewritesOf } from './rewrites.ts'

const TO = { host: 'registry.internal:5000', path: 'gitpod' }
const ALL = ['devcontainer', 'compose'] as const

const withGit = it.skipIf(lacks('git'))

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-rewrite-'))))
afterEach(() => rm(directory, { recursive: true }))

const git = (...args: string[]) =>
  execFileSync('git', ['-C', directory, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
    stdio: 'pipe',
  })

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), text)
  }
}

function commit(): void {
  git('init', '-q')
  git('add', '-A')
  git('commit', '-qm', 'x')
}

async function find() {
  const images = await workspaceRepoImages(directory, createContext(), ALL)
  const nameOf = (source: (typeof images)[number]['source']) =>
    targetNames(source, TO, 'installer')[0] ?? source
  return {
    rewrites: rewritesOf(images, nameOf),
    names: images.map(({ source }) => formatReference(source)),
    targets: images.map(({ source }) => formatReference(nameOf(source))),
  }
}

const read = (name: string) => readFile(join(directory, name), 'utf8')

withGit('writes the names of the mirror, and nothing else', async () => {
  await write({
    '.gitpod.yml': 'x: &a "alpine:3" # ä\r\nimage: {file: D}\r\n',
    D: '\uFEFF# syntax=docker/dockerfile:1\r\nARG B=c\r\nFROM\ta:1  AS x\r\nFROM $B\r\nCOPY --from=q.io/b:2 / /',
    'compose.yaml': 'services: {a: {image: r:1}}',
  })
  commit()
  const [done] = await rewriteFiles((await find()).rewrites)
  expect(done).toMatchObject({ written: true })
  expect(await read('D')).toBe(
    '\uFEFF# syntax=registry.internal:5000/gitpod/docker/dockerfile:1\r\nARG B=c\r\nFROM\tregistry.internal:5000/gitpod/library/a:1  AS x\r\nFROM $B\r\nCOPY --from=registry.internal:5000/gitpod/b:2 / /',
  )
  expect(await read('compose.yaml')).toBe('services: {a: {image: registry.internal:5000/gitpod/library/r:1}}')
  expect((await find()).rewrites.map(({ mention }) => mention.byHand)).toEqual(['made of build arguments'])
})

withGit('prints a diff that git applies if the tree is not clean or the file is not tracked', async () => {
  const text = `a: 1\n\nimage: alpine`
  await write({ '.gitpod.yml': text, '.gitignore': '.gitpod.yml\n' })
  commit()
  expect(await rewriteFiles((await find()).rewrites)).toMatchObject([{ written: false }])
  git('add', '-f', '.gitpod.yml')
  const [done] = await rewriteFiles((await find()).rewrites)
  expect(done).toMatchObject({ written: false, reason: expect.stringContaining('not committed') })
  expect(await read('.gitpod.yml')).toBe(text)
  execFileSync('git', ['-C', directory, 'apply'], { input: done?.diff ?? '' })
  expect(await read('.gitpod.yml')).toBe('a: 1\n\nimage: registry.internal:5000/gitpod/library/alpine:latest')
})

it('refuses a file that changed since it was read', async () => {
  await write({ '.gitpod.yml': 'image: alpine\n' })
  const { rewrites } = await find()
  await write({ '.gitpod.yml': 'image: busybox\n' })
  await expect(rewriteFiles(rewrites)).rejects.toMatchObject({ code: 'input-invalid' })
})

const image = fc.constantFrom(
  'alpine',
  'a/b:1',
  'quay.io/x/y',
  'ghcr.io:443/z:2',
  `q.io/d@sha256:${'a'.repeat(64)}`,
)
const line = fc.oneof(
  image.map(name => `FROM ${name} AS s`),
  image.map(name => `from --platform=linux/amd64  "${name}"`),
  image.map(name => `COPY --link --from=${name} /x /y`),
  image.map(
    name => `RUN --mount=type=cache,from=${name},target=/x \\\n  # x\n  --mount=from=${name},target=/y ls`,
  ),
  fc.constantFrom('# a comment', '', '\tENV A=alpine', 'RUN <<E\nFROM alpine\nE'),
)

withGit('changes nothing the second time, and then finds exactly the names of the mirror', async () => {
  git('init', '-q')
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), fc.boolean(), async (lines, isWindows) => {
      const text = ['FROM first:1', ...lines, ''].join('\n').replaceAll('\n', isWindows ? '\r\n' : '\n')
      await write({ '.gitpod.yml': 'image: {file: D}\n', D: text })
      git('add', '-A')
      git('commit', '-qm', 'x', '--allow-empty')
      const before = await find()
      await rewriteFiles(before.rewrites)
      const after = await find()
      expect(after.names).toEqual(before.targets)
      expect(after.rewrites).toEqual([])
    }),
    { numRuns: 15 },
  )
})

import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeImage, makeIndex, makeLayer } from '../support/images.ts'
import { createLibraryProject, programsOf, type LibraryProject } from '../support/library-project.ts'
import { mustRun } from '../support/process.ts'
import { startRegistry, writeHtpasswd } from '../support/registry.ts'
import { startServe } from '../support/serve.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { needs, onPath } from '../support/tools.ts'
import { pushImage } from '../support/upstream.ts'

const LOGIN = { username: 'robot', password: 'a password of this test' }
const AUTH = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')

/** The output of each program of the README, in the order of the page. */
const PRINTS: Readonly<Record<string, RegExp>> = {
  'Push a file as an artifact with annotations': /^pushed \S+\/team\/report:1\.0@sha256:[0-9a-f]{64}$/m,
  'Pull a file': /^pulled 100000 bytes of application\/pdf$/m,
  'Attach an SBOM to an image, and find it again': /^found server of sha256:[0-9a-f]{64}$/m,
  'Copy an image with all its signatures between two registries': /^sent sha256:[\s\S]*^copied sha256:/m,
  'Copy into a directory, and into one tar': /^wrote \d{6,} bytes$/m,
  'List tags': /^1\.0$/m,
  'Read the config of an image': /^linux\/amd64$/m,
  Delete: /^removed sha256:/m,
  'Serve a directory as a registry': /^http:\/\/127\.0\.0\.1:\d+ serves sha256:/m,
  "Log in with docker's credentials": /^the registry is guarded\n(?:.*\n)*1\.0$/m,
}

/** A program with every kind of export of the package, as a user would write it. */
const TYPED_PROGRAM = `
import { artifactIn, attach, contentFrom, copy, createRegistryServer, discover, executeCopy, fetch, fetchManifest, isGpregError, isMounter, LayoutStore, MemoryStore, openRemote, pack, parseReference, planCopy, push, remove, tags, writeArchive, type Artifact, type ByteStream, type Credentials, type Descriptor, type OciEvent, type Repository, type Store } from '@gpreg/oci'

const credentials: Credentials = { find: async () => undefined }
const remote = await openRemote({ credentials, onEvent: (event: OciEvent) => console.log(event.type) })
const store: Store<Repository> = new MemoryStore()
const image: Artifact = artifactIn(store, 'team/server:1')
const layer: Descriptor = await push(image, 'text', { mediaType: 'text/plain', signal: new AbortController().signal })
await pack(image, { artifactType: 'application/vnd.example', layers: [layer] })
await attach(image, { artifactType: 'application/vnd.example.note' })
const notes: readonly Descriptor[] = await discover(image)
const layout = await LayoutStore.open('typed-layout')
const copied: Descriptor = await copy(image, layout.artifact('team/server:1'))
const { totals } = await executeCopy(await planCopy([{ from: image, to: layout.artifact('team/server:2') }]))
const { manifest } = await fetchManifest(image)
if (manifest.kind === 'manifest') {
  const stream: ByteStream = fetch(image, layer)
  for await (const chunk of stream) console.log(chunk.byteLength, manifest.layers.length)
}
for await (const tag of tags(image)) console.log(tag, isMounter(image.target.repository), contentFrom(new Uint8Array()))
try {
  await remove(remote.artifact(parseReference('localhost/a:1').host))
} catch (error) {
  if (isGpregError(error, 'not-found')) console.log(error.hint, error.subject.host)
}
const { size } = await writeArchive('typed.tar', { 'team/server:1': image })
const server = await createRegistryServer(layout).listen('127.0.0.1', 0)
console.log(notes.length, copied.digest, totals.sent, server.url, size)
`

/** The compiler and Node's types are those of this repository: to install them again would take half a minute. */
const MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url))
const TSC = `${MODULES}typescript/bin/tsc`

const STRICT = [
  ...['--noEmit', '--strict', '--exactOptionalPropertyTypes'],
  ...['--typeRoots', `${MODULES}@types`, '--types', 'node'],
  ...['--target', 'es2024', '--lib', 'es2024,esnext.disposable,esnext.collection,esnext.array'],
]

interface Pair extends AsyncDisposable {
  /** registry without login */
  readonly open: string
  /** registry with login */
  readonly guarded: string
}

const PAIRS: Readonly<Record<string, () => Promise<Pair>>> = {
  'docker-registry': async () => {
    const [open, guarded] = [await startRegistry(), await startRegistry({ credentials: LOGIN })]
    return pairOf(open, guarded)
  },
  'gpreg serve': async () => {
    const [one, other] = [await temporaryDirectory(), await temporaryDirectory()]
    await writeHtpasswd(other.join('htpasswd'), LOGIN)
    const [open, guarded] = [
      await startServe(one.path),
      await startServe(other.join('data'), '--htpasswd', other.join('htpasswd')),
    ]
    return pairOf(open, guarded, one, other)
  },
}

function pairOf(
  open: AsyncDisposable & { readonly host: string },
  guarded: AsyncDisposable & { readonly host: string },
  ...more: readonly AsyncDisposable[]
): Pair {
  return {
    open: open.host,
    guarded: guarded.host,
    async [Symbol.asyncDispose]() {
      for (const each of [open, guarded, ...more]) await each[Symbol.asyncDispose]()
    },
  }
}

describe.skipIf(needs('docker-registry', 'htpasswd'))('a project that installs @gpreg/oci alone', () => {
  let project: LibraryProject
  beforeAll(async () => {
    project = await createLibraryProject('gpreg-oci')
  })
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]()
  })

  it('gets a small tree: no SDK of a cloud, no oclif, no YAML parser', async () => {
    const packages = await packagesBelow(project.join('node_modules'))
    const bytes = await sizeOf(project.join('node_modules'))
    console.log(
      `@gpreg/oci installs ${packages.length} packages, ${(bytes / 1e6).toFixed(1)} MB: ${packages.join(', ')}`,
    )
    expect(packages).toContain('@gpreg/oci')
    expect(packages.filter(name => /aws|azure|google|oclif|yaml|@gpreg\/(?!oci)/.test(name))).toEqual([])
    expect(packages.length).toBeLessThan(25)
    expect(bytes).toBeLessThan(20e6)
  })

  it('can load the package with require', async () => {
    await writeFile(project.join('main.cjs'), "console.log(typeof require('@gpreg/oci').copy)")
    expect(await mustRun(process.execPath, [project.join('main.cjs')], { cwd: project.path })).toBe(
      'function\n',
    )
  })

  it('passes a strict type check, as do the programs of the README, type declarations of libraries included', async () => {
    const programs = [TYPED_PROGRAM, ...(await programsOf('packages/oci/README.md')).map(each => each.source)]
    const files = programs.map((_, index) => `program-${index}.ts`)
    for (const [index, file] of files.entries()) await writeFile(project.join(file), programs[index]!)
    const tsc = (...args: string[]) =>
      mustRun(process.execPath, [TSC, ...files, ...STRICT, ...args], { cwd: project.path })
    await tsc('--module', 'nodenext')
    // The declarations were checked; what bundlers may see differently is which of them they find.
    await tsc('--module', 'esnext', '--moduleResolution', 'bundler', '--skipLibCheck')
  })

  describe.each(Object.entries(PAIRS))('with %s', (_, start) => {
    it('runs every program of the README', async () => {
      await using pair = await start()
      await using docker = await temporaryDirectory()
      const programs = await programsOf('packages/oci/README.md')
      expect(programs.map(({ title }) => title)).toEqual(Object.keys(PRINTS))
      const url = new URL(`http://${pair.open}/`)
      const amd64 = makeImage([makeLayer('server', 200_000)])
      const image = makeIndex([[{ os: 'linux', architecture: 'amd64' }, amd64]])
      await pushImage(url, 'team/server:1.0', image)
      await writeFile(project.join('report.pdf'), Buffer.alloc(100_000, 'report'))
      await writeFile(
        project.join('sbom.spdx.json'),
        JSON.stringify({ spdxVersion: 'SPDX-2.3', name: 'server' }),
      )
      const config = JSON.stringify({ auths: { [pair.guarded]: { auth: AUTH } } })
      await writeFile(docker.join('config.json'), config)
      await writeFile(project.join('config.json'), config)
      const env = { PATH: process.env['PATH'], HOME: docker.path, DOCKER_CONFIG: docker.path }
      for (const { title, source } of programs) {
        expect(source.trimEnd().split('\n').length, title).toBeLessThanOrEqual(15)
        const program = source
          .replaceAll('localhost:5000', pair.open)
          .replaceAll('registry.internal:5000', pair.guarded)
        expect(await project.run(program, env), title).toMatch(PRINTS[title]!)
      }
      expect(await readFile(project.join('pulled.pdf'))).toEqual(await readFile(project.join('report.pdf')))
      const copied = `remote.artifact('${pair.guarded}/mirror/server:1.0')`
      const program = `import { discover, openRemote } from '@gpreg/oci'
const remote = await openRemote()
console.log((await discover(${copied})).map(({ artifactType }) => artifactType).join())`
      expect(await project.run(program, env)).toBe('application/spdx+json\n')
    })

    it.skipIf(!onPath('oras'))(
      'pushes and attaches content that the oras command pulls and discovers, and the other way round',
      async () => {
        await using pair = await start()
        await using files = await temporaryDirectory()
        const at = pair.open
        await writeFile(files.join('note.txt'), 'a note')
        const oras = (...args: string[]) => mustRun('oras', [...args, '--plain-http'], { cwd: files.path })
        await project.run(`import { attach, openRemote, pack, push } from '@gpreg/oci'
const remote = await openRemote()
const made = remote.artifact('${at}/team/made:1')
const annotations = { 'org.opencontainers.image.title': 'made.txt' }
const layer = await push(made, 'made here', { mediaType: 'text/plain', annotations })
await pack(made, { artifactType: 'application/vnd.example', layers: [layer] })
await attach(made, { artifactType: 'application/vnd.example.note', layers: [layer] })`)
        await oras('pull', `${at}/team/made:1`)
        expect(await readFile(files.join('made.txt'), 'utf8')).toBe('made here')
        expect(await oras('discover', `${at}/team/made:1`, '--format', 'json')).toContain(
          'application/vnd.example.note',
        )

        await oras(
          'push',
          `${at}/team/theirs:1`,
          'note.txt:text/plain',
          '--artifact-type',
          'application/vnd.theirs',
        )
        await oras(
          'attach',
          `${at}/team/theirs:1`,
          'note.txt:text/plain',
          '--artifact-type',
          'application/vnd.theirs.note',
        )
        const printed =
          await project.run(`import { discover, fetchBytes, fetchManifest, openRemote } from '@gpreg/oci'
const remote = await openRemote()
const theirs = remote.artifact('${at}/team/theirs:1')
const { manifest } = await fetchManifest(theirs)
const [note] = await discover(theirs, { artifactType: 'application/vnd.theirs.note' })
console.log(manifest.artifactType, note.artifactType, String(Buffer.from(await fetchBytes(theirs, manifest.layers[0]))))`)
        expect(printed).toBe('application/vnd.theirs application/vnd.theirs.note a note\n')
      },
    )
  })

  it.skipIf(!onPath('oras'))('shares layouts with the oras command', async () => {
    await using files = await temporaryDirectory()
    await writeFile(files.join('note.txt'), 'a note')
    const oras = (...args: string[]) => mustRun('oras', args, { cwd: files.path })
    await oras(
      'push',
      '--oci-layout',
      'theirs:1',
      'note.txt:text/plain',
      '--artifact-type',
      'application/vnd.theirs',
    )
    const printed = await project.run(`import { copy, fetchManifest, LayoutStore } from '@gpreg/oci'
const [theirs, ours] = [await LayoutStore.read('${files.join('theirs')}'), await LayoutStore.open('${files.join('ours')}')]
await copy(theirs.artifact(':1'), ours.artifact(':1'))
console.log((await fetchManifest(ours.artifact(':1'))).manifest.artifactType)`)
    expect(printed).toBe('application/vnd.theirs\n')
    await oras('pull', '--oci-layout', 'ours:1', '--output', 'pulled')
    expect(await readFile(files.join('pulled/note.txt'), 'utf8')).toBe('a note')
  })
})

async function packagesBelow(modules: string): Promise<string[]> {
  const names = await readdir(modules, { recursive: true })
  return names
    .filter(name => /(?:^|node_modules\/)(?:@[^/]+\/)?[^/@.]+\/package\.json$/.test(name))
    .map(name => name.replace(/\/package\.json$/, ''))
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const sizes = entries
    .filter(entry => entry.isFile())
    .map(entry => stat(`${entry.parentPath}/${entry.name}`))
  return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0)
}

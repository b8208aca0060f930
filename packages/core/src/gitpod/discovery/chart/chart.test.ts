import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { formatReference } from '@gpreg/oci'
import { createContext } from '../../../context.ts'
import { chartImages } from './chart.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpreg-chart-'))
  await mkdir(join(directory, 'bin'))
  vi.stubEnv('PATH', join(directory, 'bin'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(directory, { recursive: true })
})

type Files = Readonly<Record<string, string | Uint8Array>>

async function write(files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), content)
  }
}

/** An archive as `helm package` makes it. */
async function archive(files: Files): Promise<Uint8Array> {
  const tar = pack()
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, Buffer.from(content))
  tar.finalize()
  return gzipSync(await buffer(tar))
}

/** Puts a script into PATH that is called `helm`; only builtins of the shell are in its PATH. */
async function installHelm(script: string): Promise<void> {
  await write({ 'bin/helm': `#!/bin/sh\n${script}` })
  await chmod(join(directory, 'bin/helm'), 0o755)
}

/** Images with their origins, below the directory of the test. */
async function read(chart: string, ...values: string[]) {
  const warnings: string[] = []
  const context = createContext({ emit: event => event.type === 'warning' && warnings.push(event.message) })
  const found = await chartImages(
    join(directory, chart),
    values.map(file => join(directory, file)),
    context,
  )
  const images = Object.fromEntries(
    found.map(({ source, origins }) => [
      formatReference(source),
      origins.join().replaceAll(`${directory}/`, ''),
    ]),
  )
  return { images, warnings }
}

describe('with helm', () => {
  it('takes the images of what helm prints, each with its template', async () => {
    await write({ 'app/Chart.yaml': 'name: app', 'v.yaml': '' })
    const from = (template: string, image: string) =>
      `---\n# Source: app/${template}\napiVersion: v1\nkind: Pod\nspec: {containers: [{image: '${image}'}]}\n`
    // The shell puts the arguments in: helm template gpreg CHART --include-crds --values FILE
    const said = from('templates/a.yaml', 'redis:6') + from('charts/b/templates/c.yaml', 'quay.io/$1/$2$4:$#')
    await installHelm(`echo "${said}"`)
    const { images, warnings } = await read('app', 'v.yaml')
    expect(images).toEqual({
      'docker.io/library/redis:6': 'chart:app/templates/a.yaml',
      'quay.io/template/gpreg--include-crds:6': 'chart:app/charts/b/templates/c.yaml',
    })
    expect(warnings).toEqual([])
  })

  it('passes over templates that are switched off, of which helm prints the comments', async () => {
    await write({ 'app/Chart.yaml': 'name: app' })
    const pod = 'apiVersion: v1\nkind: Pod\nspec: {containers: [{image: redis:6}]}\n'
    const templates = [
      '# Source: app/templates/pdb.yaml\n# Copyright\n',
      `# Source: app/templates/a.yaml\n${pod}`,
      '# Source: app/templates/a.yaml\n# only a comment\n',
    ]
    await installHelm(`echo '${templates.map(text => `---\n${text}`).join('')}'`)
    const { images, warnings } = await read('app')
    expect(images).toEqual({ 'docker.io/library/redis:6': 'chart:app/templates/a.yaml' })
    expect(warnings).toEqual([])
  })

  it.each([
    ['Error: found in Chart.yaml, but missing in charts/ directory: b', 'helm dependency build'],
    ['Error: chart requires kubeVersion: <1.25.0', '--kube-version'],
    ['Error: please set x', '--chart-values'],
  ])('says what helm says: %s', async (stderr, hint) => {
    await write({ 'app/Chart.yaml': 'name: app' })
    await installHelm(`echo '${stderr}' >&2; exit 3`)
    await expect(read('app')).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining(`${stderr.replace('Error: ', '')} (exit code 3)`),
      hint: expect.stringContaining(hint),
    })
  })

  it.each([
    ['oci://x.io/app', 'input-invalid'],
    ['absent', 'input-unreadable'],
  ])('is not asked for what is not on disk: %s', async (chart, code) => {
    await installHelm('exit 1')
    await expect(chartImages(chart, [], createContext())).rejects.toMatchObject({ code })
  })
})

describe('without helm', () => {
  const cache: Files = {
    'cache/Chart.yaml': 'name: cache\nappVersion: "7"',
    'cache/values.yaml':
      'image: {repository: org/cache, tag: ""}\nexporter: {image: {repository: org/exporter, tag: "1"}}',
  }

  it('takes the values and the annotations, and appVersion for an empty tag', async () => {
    await write({
      'app/Chart.yaml':
        'name: app\nappVersion: "2.10"\nannotations:\n  artifacthub.io/images: |\n    - name: x\n      image: quay.io/x:1',
      'app/values.yaml': 'image: {repository: quay.io/app, tag: ""}\nsidecarImage: busybox\njobImage: ""',
      'v.yaml': 'sidecarImage: alpine:3',
    })
    const { images, warnings } = await read('app', 'v.yaml')
    expect(images).toEqual({
      'quay.io/x:1': 'chart:app/Chart.yaml',
      'quay.io/app:2.10': 'chart:app/values.yaml:image',
      'docker.io/library/alpine:3': 'chart:app/values.yaml:sidecarImage',
    })
    expect(warnings).toEqual([
      expect.stringContaining('helm is not installed'),
      expect.stringContaining('values.yaml: jobImage: names no image'),
    ])
  })

  it('takes numbers as helm writes them', async () => {
    await write({
      'app/Chart.yaml': 'name: app\nappVersion: 2.10',
      'app/values.yaml':
        'a: {image: {repository: a}}\nb: {image: {repository: b, tag: 7.0}}\nc: {image: {repository: c, tag: "7.0"}}\nd: {image: {repository: d, tag: 20220101}}',
    })
    expect(Object.keys((await read('app')).images)).toEqual(
      ['a:2.1', 'b:7', 'c:7.0', 'd:20220101'].map(name => `docker.io/library/${name}`),
    )
  })

  it('takes charts in charts/, with the values of the chart above, under their aliases', async () => {
    await write({
      'app/Chart.yaml':
        'name: app\ndependencies:\n- {name: cache, alias: one}\n- {name: cache, alias: two, condition: "x.y,two.enabled"}\n- {name: gone}',
      'app/values.yaml': 'one: {image: {tag: "8"}, exporter: null}\ntwo: {enabled: false, image: {tag: "9"}}',
      'app/charts/cache-1.tgz': await archive(cache),
      'app/charts/_ignored/values.yaml': 'image: ignored',
    })
    const { images, warnings } = await read('app')
    expect(images).toEqual({ 'docker.io/org/cache:8': 'chart:app/charts/cache-1.tgz/values.yaml:image' })
    expect(warnings.slice(1)).toEqual([expect.stringContaining('the dependency gone is not in charts/')])
  })

  it('reads an archive with archives in it, and only its wanted files', async () => {
    await write({
      'app.tgz': await archive({
        'app/Chart.yaml': 'name: app',
        'app/values.yaml': 'image: quay.io/app:1',
        'app/../../values.yaml': 'image: outside',
        'app/charts/b/Chart.yaml': 'name: b',
        'app/charts/b/values.yaml': 'image: quay.io/b:1',
        'app/charts/b/charts/cache-1.tgz': await archive(cache),
      }),
    })
    expect(Object.keys((await read('app.tgz')).images)).toEqual([
      'quay.io/app:1',
      'quay.io/b:1',
      'docker.io/org/cache:7',
      'docker.io/org/exporter:1',
    ])
  })

  it.each<[string, Files, string]>([
    ['a directory', { 'app/values.yaml': 'a: 1' }, 'it has no Chart.yaml'],
    ['another file', { app: 'text' }, 'cannot be unpacked'],
    ['a bomb', { app: gzipSync(Buffer.alloc(101 * 1024 * 1024)) }, 'unpacks to more than'],
  ])('refuses %s', async (_, files, message) => {
    await write(files)
    await expect(read('app')).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining(message),
    })
  })

  it('refuses a large file in an archive', async () => {
    await write({ 'app.tgz': await archive({ 'app/values.yaml': Buffer.alloc(6 * 1024 * 1024, 'a') }) })
    await expect(read('app.tgz')).rejects.toMatchObject({
      message: expect.stringContaining('values.yaml unpacks to more'),
    })
  })
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createContext } from './context.ts'
import { collectImageSet } from './gitpod/collect.ts'
import { readInput, readText } from './input.ts'

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'gpreg-input-'))))
afterEach(() => rm(directory, { recursive: true }))

const little = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')
const encodings: Record<string, (text: string) => Buffer> = {
  'UTF-8': text => Buffer.from(text),
  'UTF-8 with a mark': text => Buffer.from(`\uFEFF${text}`),
  'UTF-16 LE': little,
  'UTF-16 BE': text => little(text).swap16(),
}
const compressed = Object.fromEntries(
  Object.entries(encodings).map(([name, encode]) => [
    `${name}, compressed`,
    (text: string) => gzipSync(encode(text)),
  ]),
)
const noStdin = () => Promise.reject(new TypeError('standard input was read'))

describe.each(Object.entries({ ...encodings, ...compressed }))('a file in %s', (_, encode) => {
  const write = async (name: string, text: string) => {
    const path = join(directory, name)
    await writeFile(path, encode(text))
    return path
  }

  it('is read as it was written', async () => {
    expect(await readText(await write('x', 'é €\r\n'))).toBe('é €\r\n')
    expect(await readInput(await write('x', ''), noStdin)).toBe('')
  })

  it.each([
    ['images', 'list.txt', '# a list\r\nr.corp/app:1\r\n'],
    ['images', 'list.json', '[{ "original": "r.corp/app:1" }]'],
    [
      'manifests',
      'pod.yaml',
      'apiVersion: v1\r\nkind: Pod\r\nspec:\r\n  containers: [{ image: "r.corp/app:1" }]\r\n',
    ],
  ] as const)('is read as --%s %s', async (flag, name, text) => {
    const request = { [flag]: [await write(name, text)] }
    const world = { context: createContext(), stdin: noStdin, openVersions: noStdin }
    const { images } = await collectImageSet(request, world as never)
    expect(images.map(({ source }) => `${source.host}/${source.repository}`)).toEqual(['r.corp/app'])
  })
})

it('standard input may begin with a mark, too', async () => {
  expect(await readInput('-', async () => '\uFEFFr.corp/app:1')).toBe('r.corp/app:1')
})

it('a text that begins as gzip does, and is cut short, is refused', async () => {
  const path = join(directory, 'lock.json.gz')
  await writeFile(path, gzipSync('a lock').subarray(0, 20))
  await expect(readText(path)).rejects.toMatchObject({ code: 'input-invalid', subject: { path } })
})

it('a URL is no file, and a login in it is not shown', async () => {
  await expect(readText('https://mirror:hunter2@a.b/list.txt')).rejects.toMatchObject({
    code: 'usage',
    message: 'https://a.b/list.txt is a URL, and gpreg reads files',
  })
})

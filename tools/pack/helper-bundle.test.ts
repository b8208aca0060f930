import { fileURLToPath } from 'node:url'
import { rolldown, type OutputChunk } from 'rolldown'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** One helper of each library: the test of a host, of an endpoint or of a reference, as a web page or a small tool needs it. */
const HELPERS = [
  ['@gpreg/provider-aws', 'ecrRegion'],
  ['@gpreg/provider-azure', 'cloudOfHost'],
  ['@gpreg/provider-gcp', 'gcpEndpoints'],
  ['@gpreg/oci', 'parseReference'],
] as const

const PROVIDERS = ['@gpreg/provider-aws', '@gpreg/provider-azure', '@gpreg/provider-gcp']

/** In bytes, not minified. */
const LIMIT = 300_000

/** Packages of others stay outside of the bundle, which is therefore made in a moment. A chunk that needs one names it. */
const OF_OTHERS = /^(?!@gpreg\/|node:|program$)[@\w]/
const SDK = /^(?:@aws-sdk\/|@smithy\/|@azure\/|@google-cloud\/|google-gax)/

/** Bundles a program of one line, and returns what loads with it: its chunk and those that the chunk imports statically. */
async function initialChunks(source: string): Promise<OutputChunk[]> {
  await using bundle = await rolldown({
    input: 'program',
    platform: 'node',
    external: OF_OTHERS,
    resolve: { conditionNames: ['gpreg-source', 'node', 'import', 'default'] },
    plugins: [
      {
        name: 'program',
        resolveId: id => (id === 'program' ? `${ROOT}program.js` : undefined),
        load: id => (id === `${ROOT}program.js` ? source : undefined),
      },
    ],
  })
  const { output } = await bundle.generate({ minify: false })
  const chunks = new Map(output.flatMap(part => (part.type === 'chunk' ? [[part.fileName, part]] : [])))
  const found = new Set<OutputChunk>()
  const visit = (chunk: OutputChunk) => {
    if (found.has(chunk)) return
    found.add(chunk)
    for (const name of chunk.imports) if (chunks.has(name)) visit(chunks.get(name)!)
  }
  visit([...chunks.values()].find(({ isEntry }) => isEntry)!)
  return [...found]
}

/** The packages of others that load at the start. */
const packagesOf = (chunks: readonly OutputChunk[]) =>
  chunks.flatMap(({ imports }) => imports).filter(specifier => OF_OTHERS.test(specifier))

it.each(HELPERS)('a bundle of %s, of which only %s is used, is small', async (name, helper) => {
  const chunks = await initialChunks(`import { ${helper} } from '${name}'\nconsole.log(${helper})`)
  const code = chunks.map(chunk => chunk.code).join('')
  expect(code).toContain(helper)
  expect(packagesOf(chunks)).toEqual([])
  expect(Buffer.byteLength(code)).toBeLessThan(LIMIT)
})

it.each(PROVIDERS)('a program that uses all of %s loads no SDK when it starts', async name => {
  const chunks = await initialChunks(`import * as all from '${name}'\nconsole.log(all)`)
  expect(chunks.flatMap(({ moduleIds }) => moduleIds).join()).toContain('/packages/providers-')
  expect(packagesOf(chunks).filter(specifier => SDK.test(specifier))).toEqual([])
})

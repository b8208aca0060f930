import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatReference, parseReference, type Digest } from '@gpreg/oci'
import { createContext } from '../context.ts'
import { parseImageList } from './discovery/list/image-list.ts'
import { formatImageList, type ImageListFormat } from './image-list-format.ts'
import type { ImageEntry } from './image-set.ts'

const pin: Digest = `sha256:${'a'.repeat(64)}`
const entry = (source: string, target?: string): ImageEntry => ({
  source: parseReference(source),
  ...(target === undefined ? {} : { target: parseReference(target) }),
  purpose: 'components',
  origins: [],
})

async function format(images: ImageEntry[], as: ImageListFormat) {
  const warnings: string[] = []
  const context = createContext({ emit: event => event.type === 'warning' && warnings.push(event.message) })
  return { text: await formatImageList({ images, excluded: [] }, as, context), warnings }
}

describe('formatImageList', () => {
  it('prints the same JSON as gitpod-installer mirror list', async () => {
    expect((await format([entry('redis:6.2', 'r.io/g/library/redis:6.2')], 'installer')).text).toBe(
      '[\n  {\n    "original": "docker.io/library/redis:6.2",\n    "target": "r.io/g/library/redis:6.2"\n  }\n]\n',
    )
    await expect(format([entry('redis:6')], 'installer')).rejects.toMatchObject({ code: 'usage' })
  })

  it('prints a manifest of hauler, each source once', async () => {
    const { text } = await format(
      [entry('redis:6', 'a.io/x'), entry('redis:6', 'b.io/x'), entry(`q.io/b:1@${pin}`)],
      'hauler',
    )
    expect(text).toBe(
      `apiVersion: "content.hauler.cattle.io/v1"\nkind: "Images"\nmetadata:\n  name: "gpreg"\nspec:\n  images:\n    - name: "docker.io/library/redis:6"\n    - name: "q.io/b:1@${pin}"\n`,
    )
  })

  it('prints the YAML of skopeo sync, and tells which tags it leaves out', async () => {
    const images = [
      entry('redis:1.10'),
      entry('redis:on'),
      entry(`localhost:5000/a/b:1@${pin}`),
      entry(`localhost:5000/c@${pin}`),
    ]
    const { text, warnings } = await format(images, 'skopeo-sync')
    expect(text).toBe(
      `docker.io:\n  images:\n    library/redis:\n      - "1.10"\n      - "on"\nlocalhost:5000:\n  images:\n    a/b:\n      - "${pin}"\n    c:\n      - "${pin}"\n`,
    )
    expect(warnings).toEqual([
      expect.stringContaining(`localhost:5000/a/b:1@${pin} is listed without its tag`),
    ])
  })

  const name = fc.stringMatching(/^[a-z0-9]{1,4}(-[a-z0-9]{1,3})?$/)
  const reference = fc
    .record({
      host: fc.constantFrom('docker.io', 'quay.io', 'localhost:5000', '[::1]:5000', '10.0.0.1'),
      path: fc.array(name, { minLength: 1, maxLength: 3 }),
      tag: fc.option(fc.stringMatching(/^[\w][\w.-]{0,8}$/)),
      digest: fc.option(fc.stringMatching(/^[0-9a-f]{64}$/)),
    })
    .map(({ host, path, tag, digest }) =>
      parseReference(
        `${host}/${path.join('/')}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@sha256:${digest}`}`,
      ),
    )

  it.each(['installer', 'hauler', 'skopeo-sync'] as const)(
    'as %s is read back as the same images',
    async as => {
      await fc.assert(
        fc.asyncProperty(fc.array(reference, { minLength: 1, maxLength: 8 }), async sources => {
          const images = sources.map(source => ({ ...entry('x', 'r.io/x'), source }))
          const read = await parseImageList((await format(images, as)).text, 'list', createContext())
          // skopeo takes no tag beside a digest.
          const written = sources.map(({ tag, ...rest }) =>
            formatReference(
              tag === undefined || (as === 'skopeo-sync' && rest.digest !== undefined)
                ? rest
                : { ...rest, tag },
            ),
          )
          expect(new Set(read.map(({ source }) => formatReference(source)))).toEqual(new Set(written))
        }),
        { numRuns: 40 },
      )
    },
  )
})

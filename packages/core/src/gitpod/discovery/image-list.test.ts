import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createContext } from '../../context.ts'
import { isGpregError, formatReference } from '@gpreg/oci'
import type { GpregEvent } from '../../events.ts'
import { parseImageList } from './image-list.ts'

const parse = (text: string, context = createContext()) => parseImageList(text, 'list.txt', context)

describe('parseImageList', () => {
  it('reads one reference per line, and skips comments and empty lines', () => {
    const found = parse('# base\r\nredis:6.2  # cache\n\n  quay.io/a/b:1\n')
    expect(found.map(({ source }) => formatReference(source))).toEqual([
      'docker.io/library/redis:6.2',
      'quay.io/a/b:1',
    ])
    expect(found[0]!.origins).toEqual(['images:list.txt'])
  })

  it('reads the list of the installer with its targets', () => {
    const [image] = parse(
      '[{"original":"docker.io/gitpod/workspace-full:latest","target":"r.io/g/w:latest"}]',
    )
    expect(formatReference(image!.target!)).toBe('r.io/g/w:latest')
    expect(image!.purpose).toBe('workspace-base')
  })

  it('skips entries that name no image, with a warning', () => {
    const events: GpregEvent[] = []
    const context = createContext({ emit: event => events.push(event) })
    expect(parse('[{"original":"","target":"r.io/g/"},{"original":"redis:6"}]', context)).toHaveLength(1)
    expect(events).toMatchObject([{ type: 'warning', code: 'image-skipped' }])
  })

  it.each([
    ['redis:6\nNot A Reference\n', 'reference-invalid', 'list.txt:2'],
    ['[\n{"original":"redis:6"},\n{"original":"https://x.io/y"}\n]', 'reference-invalid', 'list.txt:3'],
    ['[{"name":"redis"}]', 'input-invalid', '0.original'],
    ['{"original":"redis"}', 'input-invalid', 'list.txt'],
    ['[{]', 'input-invalid', 'not JSON'],
  ])('refuses %j, and the message has the place of the error', (text, code, place) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(place) }),
    )
  })

  it('throws only GpregErrors for any text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.array(fc.record({ original: fc.string() })).map(list => JSON.stringify(list)),
    )
    fc.assert(
      fc.property(text, content => {
        try {
          for (const { source } of parse(content)) expect(formatReference(source)).not.toBe('')
        } catch (error) {
          expect(isGpregError(error)).toBe(true)
        }
      }),
    )
  })
})

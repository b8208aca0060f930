import { describe, expect, it } from 'vitest'
import { renderFailures } from './mirror.ts'
import { plain } from './text/paint.ts'

const failed = (name: string, message: string) => ({
  source: `docker.io/${name}`,
  target: `r.internal/${name}`,
  status: 'failed',
  error: { message, hint: 'check the name' },
})

describe('failures', () => {
  it('of one cause are told once, with their number', () => {
    const images = ['a:1', 'b:1', 'c:1', 'd:1', 'e:1'].map(name => failed(name, 'no answer from docker.io'))
    expect(renderFailures([failed('f:1', 'not found'), ...images], plain)).toEqual([
      'error: 5 images failed: no answer from docker.io',
      '       docker.io/a:1',
      '       docker.io/b:1',
      '       docker.io/c:1',
      '       and 2 more, all in the answer of --json',
      'hint:  check the name',
      'error: docker.io/f:1 failed: not found',
      '       -> r.internal/f:1',
      'hint:  check the name',
    ])
  })

  it('that differ in paths and digests only have one cause', () => {
    const images = ['a', 'b'].map(name =>
      failed(
        `${name}:1`,
        `r.internal answered 401 to GET library/${name}/manifests/sha256:${name.repeat(64)}`,
      ),
    )
    expect(renderFailures(images, plain)[0]).toMatch(/^error: 2 images failed: r\.internal answered 401/)
  })

  it('of many causes still fit a screen', () => {
    const images = Array.from({ length: 62 }, (_, nth) => failed(`${nth}:1`, `reason number ${nth}`))
    const lines = renderFailures(images, plain)
    expect(lines.length).toBeLessThan(12)
    expect(lines.at(-1)).toBe('error: 59 images failed for other reasons, all in the answer of --json')
  })
})

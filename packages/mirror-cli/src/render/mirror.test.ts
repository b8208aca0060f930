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
    const lines = renderFailures([...images, failed('f:1', 'not found')], plain)
      .join('\n')
      .split('\n')
    expect(lines.filter(line => line.includes('no answer from docker.io'))).toEqual([
      'failed 5 images: no answer from docker.io',
    ])
    expect(lines).toContain('       and 2 more, all in the answer of --json')
    expect(lines).toContain('       -> r.internal/f:1: not found')
    expect(lines.filter(line => line.includes('hint:'))).toHaveLength(2)
  })
})

import type { CheckResult } from '@gpreg/values-gen'
import { describe, expect, test } from 'vitest'
import { renderValuesCheck } from './values-check.ts'

const result: CheckResult = {
  kind: 'ValuesCheck',
  version: 1,
  file: 'gitpod.config.yaml',
  release: '2022.11.3',
  findings: [
    {
      level: 'error',
      code: 'wrong-type',
      path: 'dropImageRepo',
      line: 3,
      column: 16,
      message: 'true or false is needed, this is 1',
      hint: 'write true or false, without quotes',
    },
    {
      level: 'warning',
      code: 'more-documents',
      path: '',
      line: 5,
      column: 1,
      message: 'another YAML document starts here',
      hint: 'put it into one document',
    },
  ],
  totals: { errors: 1, warnings: 1 },
}

describe('values check', () => {
  test('prints the position, the message and the fix of each finding, as a compiler does', () => {
    expect(renderValuesCheck(result)).toBe(
      [
        'gitpod.config.yaml:3:16  error  dropImageRepo  true or false is needed, this is 1  [wrong-type]',
        '  fix: write true or false, without quotes',
        'gitpod.config.yaml:5:1  warning  another YAML document starts here  [more-documents]',
        '  fix: put it into one document',
        'gitpod.config.yaml: 1 error, 1 warning, for release 2022.11.3',
      ].join('\n'),
    )
  })

  test('says that nothing was found', () => {
    const sound = { ...result, file: '-', findings: [], totals: { errors: 0, warnings: 0 } }
    expect(renderValuesCheck(sound)).toBe('<stdin>: nothing found, for release 2022.11.3')
  })

  test('names some of the images that one reason hits, and has one fix for findings at one place', () => {
    const image = (code: string, message: string) => ({
      ...result.findings[0]!,
      code,
      message,
      hint: 'bring it there',
    })
    const names = ['a', 'b', 'c', 'd', 'e'].map(name => `r.io/x/${name}:1`)
    const findings = [
      ...names.map(name => image('image-unreadable', `${name} could not be looked at (no answer from r.io)`)),
      ...names.map(name => image('image-missing', `${name} is not in the registry`)),
    ] as CheckResult['findings']
    const lines = renderValuesCheck({ ...result, findings }).split('\n')
    expect(lines.filter(line => line.includes('could not be looked at'))).toHaveLength(3)
    expect(lines).toContain('  and 2 more for the same reason, all in the answer of --json')
    expect(lines.filter(line => line.includes('is not in the registry'))).toHaveLength(5)
    expect(lines.filter(line => line === '  fix: bring it there')).toHaveLength(2)
  })
})

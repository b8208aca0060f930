import { checkConfig } from '../check.ts'

/** A finding on a line, written as `level code path`. */
type Said = readonly [line: number, finding: string]

/** Reads the expected findings from the comments of a text, such as `# ! error unknown-key domian & error required domain`. */
export function marks(text: string): Said[] {
  return text.split('\n').flatMap((line, index) => {
    const [, marked] = line.split('# ! ')
    return (marked?.split(' & ') ?? []).map(finding => [index + 1, finding] as const)
  })
}

export function findingsOf(text: string, release = '2022.11.3'): Said[] {
  const { findings } = checkConfig(text, { path: 'gitpod.config.yaml', release })
  return findings.map(({ line, level, code, path }) => [line, `${level} ${code} ${path}`.trim()])
}

import { readFileSync } from 'node:fs'
import { arch, platform, version as node } from 'node:process'
import { surviveClosedOutput } from './output.ts'

/** The first words that ask for the version. */
const QUESTIONS: readonly (string | undefined)[] = ['--version', '-v', 'version']

/**
 * Answers the question for the version without oclif and its configuration, which takes a third of the time.
 * @param argv the words after `gpreg`
 * @param packageFile the command's own package.json
 * @returns false if something else was asked
 */
export function answerVersion(argv: readonly string[], packageFile: URL): boolean {
  if (!QUESTIONS.includes(argv[0])) return false
  const { name, version } = JSON.parse(readFileSync(packageFile, 'utf8')) as Record<string, string>
  surviveClosedOutput(process)
  process.stdout.write(`${name}/${version} ${platform}-${arch} node-${node}\n`)
  return true
}

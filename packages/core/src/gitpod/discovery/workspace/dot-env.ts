import type { Expansion } from '../dockerfile/variables.ts'
import type { Findings } from './findings.ts'
import type { RepositoryFiles } from './repository-files.ts'

/**
 * The variables that Compose reads from the file `.env` beside it.
 * https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax
 */
export async function readDotEnv(
  path: string,
  files: RepositoryFiles,
  findings: Findings,
): Promise<Map<string, Expansion>> {
  const values = new Map<string, Expansion>()
  await findings.attempt(path, async () => {
    const file = await files.readIfThere(path)
    for (const line of file?.text.split(/\r?\n/) ?? []) {
      const [, name, value] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*[=:](.*)$/.exec(line) ?? []
      if (name !== undefined && value !== undefined) values.set(name, valueOf(value.trim()))
    }
  })
  return values
}

/** A value without quotes, or without the comment behind it. A value that is made of others is not followed. */
function valueOf(written: string): Expansion {
  const quoted = /^'([^']*)'|^"([^"]*)"/.exec(written)
  const text = quoted?.[1] ?? quoted?.[2] ?? written.replace(/(?:^|\s)#.*$/, '').trim()
  const isLiteral = quoted?.[1] !== undefined || !/[$\\]/.test(text)
  return isLiteral ? { text } : { text: '', problem: `uses ${text} of .env, which is not followed` }
}

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** One configuration, and what the installer said to it. A corpus has one per line, as JSON. */
interface Row {
  readonly name: string
  /** `validate config` accepts it */
  readonly accepted: boolean
  /** `render` accepts it; absent if it was not rendered */
  readonly renders?: boolean
  /** the reason of a refusal */
  readonly why?: string
  readonly yaml?: string
  /** in place of `yaml` if the file is not UTF-8 */
  readonly yamlBase64?: string
}

export interface Verdict {
  readonly name: string
  readonly config: Uint8Array
  /** `validate config` accepts the configuration, and `render` does not panic on it as far as anybody tried */
  readonly accepted: boolean
  /** `render` was tried, or need not be tried because `validate config` refuses */
  readonly settled: boolean
  readonly why: string
}

/** Reads a corpus, which may be compressed with gzip. */
export function readCorpus(path: string): Verdict[] {
  const bytes = readFileSync(path)
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString()
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => verdictOf(JSON.parse(line) as Row))
}

function verdictOf({ name, accepted, renders, why, yaml, yamlBase64 }: Row): Verdict {
  const config = yamlBase64 === undefined ? Buffer.from(yaml ?? '') : Buffer.from(yamlBase64, 'base64')
  return {
    name,
    config,
    accepted: accepted && renders !== false,
    settled: !accepted || renders !== undefined,
    why: why ?? (renders === false ? 'render panics' : 'accepted'),
  }
}

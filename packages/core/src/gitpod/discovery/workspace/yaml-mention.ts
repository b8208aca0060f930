import type { Mention } from '../mention.ts'
import type { YamlText } from './yaml-view.ts'

/** A text of a YAML or JSON file that is a reference as it stands. */
export function mentionOf(at: string, value: YamlText): Mention {
  const { text, line, span, isPlain } = value
  const image = text.trim()
  const place = span === undefined ? { byHand: 'written over several lines or with escapes' } : { span }
  return { at, text, image, line, ...place, ...(isPlain ? { isPlain } : {}) }
}

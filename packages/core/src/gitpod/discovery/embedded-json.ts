import type { Reference } from '@gpreg/oci'
import { referencesInText } from './image-text.ts'

/**
 * Finds references in a JSON document, also in JSON inside its strings. Strings are decoded first, because an escaped `\n` before
 * a name would otherwise count as a part of the name. Undefined if the text is no JSON object or array.
 */
export function embeddedReferences(text: string): Reference[] | undefined {
  const root = parseContainer(text)
  if (root === undefined) return undefined
  const references: Reference[] = []
  const stack: unknown[] = [root]
  while (stack.length > 0) {
    const value = stack.pop()
    if (typeof value === 'string') {
      const nested = parseContainer(value)
      if (nested === undefined) references.push(...referencesInText(value))
      else stack.push(nested)
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        stack.push(item)
        if (!Array.isArray(value)) references.push(...referencesInText(key))
      }
    }
  }
  return references
}

function parseContainer(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text) as object
  } catch {
    return undefined
  }
}

/**
 * Replaces the comments of a JSON text by blanks of the same length, so that every place stays where it is. What is left is YAML,
 * which allows trailing commas as well.
 */
export function blankComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"?|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)|\t/g, found =>
    found.startsWith('"') ? found : found.replace(/[^\r\n]/g, ' '),
  )
}

/**
 * A text without the marks at the start of lines. Each document of YAML may begin with one, and so do files of Windows that are
 * joined, or that a ConfigMap holds. https://yaml.org/spec/1.2.2/#52-character-encodings
 */
export function withoutByteOrderMarks(text: string): string {
  return text.replace(/^\uFEFF/gm, '')
}

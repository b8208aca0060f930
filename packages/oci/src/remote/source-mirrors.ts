import { GpregError } from '../errors.ts'
import { formatName, parseReference, type Reference } from '../model/reference.ts'

/** References that start with `prefix` are read from `replacement` instead. */
export interface SourceMirror {
  readonly prefix: string
  readonly replacement: string
}

/**
 * Reads `PREFIX=REPLACEMENT`, e.g. `docker.io/bitnami=docker.io/bitnamilegacy`.
 * @throws `usage`, `reference-invalid`
 */
export function parseSourceMirror(text: string): SourceMirror {
  const equals = text.indexOf('=')
  const prefix = text.slice(0, Math.max(equals, 0)).replace(/\/+$/, '')
  const replacement = text.slice(equals + 1).replace(/\/+$/, '')
  if (prefix === '' || replacement === '' || /^[a-z]+:\/\//i.test(replacement)) {
    throw new GpregError('usage', `not a source mirror: ${JSON.stringify(text)}`, {
      hint: 'write PREFIX=REPLACEMENT without schemes, e.g. docker.io=proxy.corp/dockerhub',
    })
  }
  // A fault of either is told now, and not when an image is read.
  for (const name of [prefix, replacement]) parseReference(`${name}/image`)
  return { prefix, replacement }
}

/** The reference that is read instead. The longest prefix that ends on a path boundary wins. */
export function applySourceMirrors(reference: Reference, mirrors: readonly SourceMirror[]): Reference {
  const name = formatName(reference)
  const best = mirrors
    .filter(({ prefix }) => name === prefix || name.startsWith(`${prefix}/`))
    .sort((a, b) => b.prefix.length - a.prefix.length)[0]
  if (best === undefined) return reference
  const { host, repository } = parseReference(`${best.replacement}${name.slice(best.prefix.length)}`)
  return { ...reference, host, repository }
}

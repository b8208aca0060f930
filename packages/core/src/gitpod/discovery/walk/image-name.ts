import type { Reference } from '@gpreg/oci'
import { tryParseReference } from '@gpreg/oci/engine'

/**
 * What a text is that stands where an image is named.
 * - `placeholder`: something else fills the name in: `auto`, `$(IMAGE)`, `{{ .Values.image }}`, `ghcr.io/org/*`
 * - `id`: the digest of an image without its name, as the status of a pod has it
 * - `other`: another thing that has such a key: a switch, a file, a URL, a version
 */
export type ImageName =
  | { readonly kind: 'image'; readonly source: Reference }
  | { readonly kind: 'placeholder' | 'id' | 'empty' | 'other' | 'malformed' }

/** Reads a text at a key that names an image. Short and untagged names count: `redis`, `busybox:1`. */
export function readImageName(text: string): ImageName {
  const name = text.trim().replace(TRANSPORT, '')
  if (name === '') return { kind: 'empty' }
  if (isPlaceholder(name)) return { kind: 'placeholder' }
  if (isImageId(name)) return { kind: 'id' }
  if (OTHER.some(pattern => pattern.test(name))) return { kind: 'other' }
  const source = tryParseReference(name)
  return source === undefined ? { kind: 'malformed' } : { kind: 'image', source }
}

/** True if a part of the text is filled in elsewhere: by a template, a variable or a pattern. */
export function isPlaceholder(text: string): boolean {
  return VARIABLE.test(text.replace(IPV6_HOST, '')) || PLACEHOLDERS.has(text.toLowerCase())
}

/** True if the text has a tag or a digest. */
export function isTagged(text: string): boolean {
  return text.includes('@') || text.lastIndexOf(':') > text.lastIndexOf('/')
}

/** True for a digest without a name, as container runtimes have for the ID of an image. Docker refuses it as a name, too. */
export function isImageId(text: string): boolean {
  return ID.test(text)
}

/** Container tools write this before the name of an image in a registry. */
export const TRANSPORT = /^docker:\/\//
const IPV6_HOST = /^\[[a-f\d:]+\]/i
/** Characters of templates, variables and patterns, and names such as `__IMAGE__` and `REPLACE_ME`. */
const VARIABLE = /[{}$<>%*?|![\]~^]|^_|^@|^[A-Z][A-Z\d]*(?:_[A-Z\d]+)+$/
const PLACEHOLDERS: ReadonlySet<string> = new Set(
  'auto default inherit placeholder none null unset undefined todo tbd changeme change-me replace-me n/a'.split(
    ' ',
  ),
)
const ID = /^(?:sha(?:256|512):[a-f\d]+|[a-f\d]{64}|[a-f\d]{128})$/i
const OTHER = [
  /\s|:\/\//,
  // paths of a file system
  /^(?:\.{0,2}|~)\//,
  // files, unless they have a tag
  /\.(?:png|svg|jpe?g|gif|ico|webp|bmp|iso|img|qcow2|vmdk|raw|tar|tgz|t?gz|zip|ya?ml|json|html?|css|md|txt)$/i,
  // numbers, versions and times
  /^v?\d+(?:[.:]\d+)*(?:-[\w.]+)?$/,
  /^(?:true|false|yes|no|on|off|always|never|ifnotpresent)$/i,
]

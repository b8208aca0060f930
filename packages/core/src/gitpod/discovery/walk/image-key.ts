/**
 * What a key says about its value.
 * - `image`: the value names an image, be it short or without a tag
 * - `images`: the entries of the value name images
 * - `perhaps`: other things than container images have such keys, too (`imageName`)
 * - `skip`: the value names no image that is run: text for readers, selectors, copies of the object
 * - `other`: nothing
 */
export type KeyRole = 'image' | 'images' | 'perhaps' | 'skip' | 'other'

/** The words of a key, in lower case: `sidecarImage`, `SIDECAR_IMAGE`, `--sidecar-image` and `example.io/sidecar.image` are alike. */
export function wordsOf(key: string): readonly string[] {
  return key
    .slice(key.lastIndexOf('/') + 1)
    .replace(/([a-z\d])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3 $2$4')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter(word => word !== '')
}

export function roleOf(key: string): KeyRole {
  let role = known.get(key)
  if (role === undefined) {
    if (known.size >= MAX_KNOWN) known.clear()
    known.set(key, (role = computeRole(key)))
  }
  return role
}

/** Documents repeat few keys very often. */
const known = new Map<string, KeyRole>()
const MAX_KNOWN = 10_000

/** Text for readers, and selectors. */
const SKIPPED: ReadonlySet<string> = new Set(
  `description title summary message help documentation comment comments example examples notes displayName
  labels matchLabels matchExpressions selector nodeSelector managedFields ownerReferences openAPIV3Schema verifyImages
  imageID imageId alm-examples`.split(/\s+/),
)
/** Annotations that hold an earlier state of their object. */
const COPY = /(?:last-applied|last-handled|encoded-deployment)[\w-]*$/
/** Words before `image` for which it is a picture, a disk, or a switch. */
const NO_CONTAINER: ReadonlySet<string> = new Set(
  `os machine vm ami disk boot kernel raw iso qcow root source background logo icon hero cover preview thumbnail splash
  avatar favicon profile banner pull push scan is has use enable enabled disable check sign upload user`.split(
    /\s+/,
  ),
)
/** Words before `images` of rules that only compare. */
const COMPARED = /^(?:exempt|exclude|ignore|allow|den(?:y|ied)|block|skip|forbid|trust|restrict|match)/
/** Words after `image` that still mean its name. */
const NAME_WORDS: ReadonlySet<string> = new Set(['name', 'ref', 'reference', 'uri', 'url', 'pullspec'])

function computeRole(key: string): KeyRole {
  if (SKIPPED.has(key) || COPY.test(key)) return 'skip'
  const words = wordsOf(key)
  const last = words.at(-1)
  const before = words.at(-2)
  if (key === 'refs' || last === 'images' || (before === 'image' && (last === 'list' || last === 'refs')))
    return words.some(word => COMPARED.test(word)) ? 'other' : 'images'
  if (last === 'image') return before !== undefined && NO_CONTAINER.has(before) ? 'other' : 'image'
  if (words[0] === 'related' && words[1] === 'image') return 'image'
  if (before === 'image' && NAME_WORDS.has(last!)) return 'perhaps'
  return 'other'
}

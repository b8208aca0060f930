import { namesHost } from '@gpreg/oci/engine'
import { isPlaceholder, isTagged, TRANSPORT } from './image-name.ts'
import { wordsOf } from './image-key.ts'
import { NO_REGISTRY } from './prose.ts'

/** The scalars of one map, by the words of their keys: `sidecarImageTag` is at `sidecar image tag`. */
export type NameParts = ReadonlyMap<string, string>

/** Parts that a map further up gives to all names below it. */
export interface InheritedParts {
  /** the registry and path before short names, as in the values of Istio */
  readonly hub?: string
  /** the tag of names below `hub` */
  readonly tag?: string
  /** stands for the registry of all names that are split over keys */
  readonly imageRegistry?: string
}

/** A name that was put together, with what is unsure of it; or why there is none. */
export type JoinedName =
  { readonly text: string; readonly unsure?: string } | { readonly text?: undefined; readonly unsure: string }

const REGISTRY = ['registry', 'hub', 'image registry', 'image hub'] as const
const REPOSITORY = ['repository', 'repo', 'image repository', 'image repo'] as const
const TAG = ['tag', 'image tag', 'new tag', 'image version'] as const
const DIGEST = ['digest', 'image digest', 'sha', 'image sha', 'sha256'] as const
const PART_WORDS: ReadonlySet<string> = new Set(
  'registry hub repository repo name reference ref path uri url tag version digest sha sha256'.split(' '),
)
/** Words before `image` that tell no images of one map apart. */
const PLAIN = new Set(['', 'image', 'base', 'container', 'docker', 'default'])
const VARIABLE = /^[A-Z][A-Z\d_]*$/
/** Variables of these names are mostly about the program that reads them, and not about one of its images. */
const OF_PROGRAM: readonly string[] = ['repository', 'repo', 'version']

export function partsOf(scalars: Iterable<readonly [key: string, text: string]>): NameParts {
  const parts = new Map<string, string>()
  for (const [key, text] of scalars) parts.set(wordsOf(key).join(' '), text.trim())
  return parts
}

/**
 * The name at a key that ends with `image`, with what its map says about registry, repository, tag and digest: `image: redis`
 * beside `tag: "7"`, `driverImage` beside `driverImageTag`. A repository may be one of source code, so it counts only with a
 * host, or if another key says the registry, tag or digest.
 */
export function joinImage(
  key: string,
  text: string,
  parts: NameParts,
  inherited: InheritedParts,
): JoinedName {
  const name = text.trim()
  if (isPlaceholder(name) || name === '') return { text: name }
  const prefix = wordsOf(key).slice(0, -1).join(' ')
  const near = VARIABLE.test(key) ? withoutParts(parts, OF_PROGRAM) : parts
  const find = (look: (parts: NameParts, prefix: string) => string | undefined, within = near) =>
    (PLAIN.has(prefix) ? [prefix, ''] : [prefix])
      .map(at => look(within, at))
      .find(text => text !== undefined && !isForeign(text))
  const isWhole = isTagged(name)
  const own = isWhole ? {} : { tag: find(tagOf), digest: find(digestOf) }
  const isBare = !name.includes('/') && !isWhole
  const repository = name.includes('/') ? undefined : find(repositoryOf)
  const registry = namesHost(name) ? undefined : find(registryOf)
  if (isBare && repository === undefined && registry === undefined && inherited.hub !== undefined) {
    const tag = own.tag ?? inherited.tag
    return tag === undefined
      ? { unsure: `it stands below hub ${inherited.hub}, and no key says its tag` }
      : joined({ registry: inherited.hub, name, tag, digest: own.digest })
  }
  if (repository !== undefined && lastSegment(repository) === name)
    return { unsure: `the key repository may already name it: ${repository}` }
  const hasVersion = own.tag !== undefined || own.digest !== undefined
  const isOfImage = registry !== undefined || hasVersion || hasHost(repository)
  if (repository !== undefined && isOfImage) return joined({ registry, repository, name, ...own })
  const beside = repository ?? (isWhole || hasVersion ? undefined : find(ofProgram, parts))
  const unsure = beside === undefined ? {} : { unsure: `${beside} beside it may be a part of its name` }
  return { ...joined({ registry, name, ...own }), ...unsure }
}

/** The words that name the repository in a map which stands for one image, in the order in which they count. */
const OF_IMAGE = [
  'new name',
  'repository',
  'repo',
  'image repository',
  'reference',
  'ref',
  'image name',
  'name',
  'path',
  'uri',
  'url',
] as const

/**
 * The name in a map that stands for one image: `image: {registry, repository, tag}`. Undefined if the map has none.
 * @param defaultTag what counts if the map has a key for the tag without a value, or none: the `appVersion` of a chart
 */
export function joinImageMap(
  parts: NameParts,
  inherited: InheritedParts,
  defaultTag?: string,
): JoinedName | undefined {
  const key = OF_IMAGE.find(word => part(parts, '', [word]) !== undefined)
  const tag = tagOf(parts, '')
  const digest = digestOf(parts, '')
  if (key === undefined)
    return tag === undefined ? undefined : { unsure: `no key says the name that goes with the tag ${tag}` }
  const name = parts.get(key)!
  if (name.includes('://') && !name.startsWith('docker://')) return undefined
  if (isHostAlone(name)) return hostAlone(name)
  const registry = namesHost(name) ? undefined : (inherited.imageRegistry ?? registryOf(parts, ''))
  if (isTagged(name)) return joined({ registry, name })
  if (tag !== undefined || digest !== undefined) return joined({ registry, name, tag, digest })
  if (defaultTag !== undefined) return joined({ registry, name, tag: defaultTag })
  const wantsTag = (key !== 'name' && key !== 'reference') || TAG.some(word => parts.has(word))
  return wantsTag
    ? { unsure: `${name} has no tag here; a chart takes its appVersion then` }
    : joined({ registry, name })
}

/** Below these keys, `repository` is one of charts or of sources. */
const OTHER_REPOSITORIES = /chart|dependenc|source|git|helm|maven|npm|apt|yum|backup|restic/i

/** The names in a map of which nothing says that it stands for an image, but that has `repository` (`…Repository`) and a tag. */
export function joinRepositories(key: string, parts: NameParts, inherited: InheritedParts): JoinedName[] {
  const names: JoinedName[] = []
  for (const [words, name] of parts) {
    const prefix = /^(?:(.*) )?(?:repository|repo)$/.exec(words)
    if (
      prefix === null ||
      name === '' ||
      name.includes('://') ||
      isOfSource(name) ||
      parts.has('chart') ||
      OTHER_REPOSITORIES.test(`${key} ${words}`)
    )
      continue
    const before = prefix[1] ?? ''
    // The repository is the first part of that name then.
    if (part(parts, before, ['image']) !== undefined) continue
    const tag = part(parts, before, TAG)
    const digest = digestOf(parts, before)
    const version = part(parts, before, ['version'])
    const registry = namesHost(name) ? undefined : (inherited.imageRegistry ?? registryOf(parts, before))
    if (isHostAlone(name) && registry === undefined) names.push(hostAlone(name))
    else if (tag !== undefined || digest !== undefined) names.push(joined({ registry, name, tag, digest }))
    else if (version !== undefined)
      names.push(
        namesHost(name) || registry !== undefined
          ? joined({ registry, name, tag: version })
          : { unsure: `repository ${name} and version ${version} may be an image` },
      )
  }
  return names
}

interface Parts {
  readonly registry?: string | undefined
  readonly repository?: string | undefined
  readonly name: string
  readonly tag?: string | undefined
  readonly digest?: string | undefined
}

function joined({ registry, repository, name, tag, digest }: Parts): { readonly text: string } {
  const path = [registry, repository, name]
    .flatMap(piece => piece?.replace(/^docker:\/\/|^\/+|\/+$/g, '') || [])
    .join('/')
  const version = tag === undefined ? '' : `${/^sha256:/.test(tag) ? '@' : ':'}${tag.replace(/^[:@]/, '')}`
  const pin =
    digest === undefined || version.includes('@')
      ? ''
      : `@${/^[a-f\d]{64}$/.test(digest) ? `sha256:${digest}` : digest}`
  return { text: `${path}${version}${pin}` }
}

/** True if the key says a part of a name, or how to pull it, and not a name itself. */
export function isPartOfName(key: string): boolean {
  const words = wordsOf(key)
  return PART_WORDS.has(words.at(-1) ?? '') || words.includes('pull')
}

/** The first of the parts that the map has with a value. */
function part(parts: NameParts, prefix: string, words: readonly string[]): string | undefined {
  for (const word of words) {
    const text = parts.get(prefix === '' ? word : `${prefix} ${word}`)
    if (text !== undefined && text !== '') return text
  }
  return undefined
}

function tagOf(parts: NameParts, prefix: string): string | undefined {
  return part(parts, prefix, TAG) ?? part(parts, prefix, ['version'])
}

/** The repository, unless it is one of source code, or has a tag and so is a name itself. */
function repositoryOf(parts: NameParts, prefix: string): string | undefined {
  const repository = part(parts, prefix, REPOSITORY)
  return repository === undefined || isTagged(repository) || isOfSource(repository) ? undefined : repository
}

/** True for `registry.k8s.io`: some programs add the names themselves, as kubeadm does. */
function isHostAlone(name: string): boolean {
  return /^[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?::\d+)?\/?$/i.test(name)
}

function hostAlone(name: string): JoinedName {
  return { unsure: `${name} is a registry, and no key says the name below it` }
}

function isOfSource(repository: string): boolean {
  return repository.endsWith('.git') || NO_REGISTRY.test(repository)
}

/** True also if something else fills the repository in: then the name cannot be said. */
function hasHost(repository = ''): boolean {
  return namesHost(repository) || isPlaceholder(repository)
}

function ofProgram(parts: NameParts, prefix: string): string | undefined {
  return prefix === '' ? (repositoryOf(parts, prefix) ?? tagOf(parts, prefix)) : undefined
}

function withoutParts(parts: NameParts, words: readonly string[]): NameParts {
  return new Map([...parts].filter(([word]) => !words.includes(word)))
}

/** True for what is no part of a name: a URL, a sentence. */
function isForeign(text: string): boolean {
  return !isPlaceholder(text) && /\s|:\/\//.test(text.replace(TRANSPORT, ''))
}

function digestOf(parts: NameParts, prefix: string): string | undefined {
  const digest = part(parts, prefix, DIGEST)
  // `sha` may be one of git.
  return digest !== undefined && /^(?:sha256:)?[a-f\d]{64}$/.test(digest) ? digest : undefined
}

function registryOf(parts: NameParts, prefix: string): string | undefined {
  const registry = part(parts, prefix, REGISTRY)
  return registry === undefined || /^https?:/.test(registry) ? undefined : registry
}

function lastSegment(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

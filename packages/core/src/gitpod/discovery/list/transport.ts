/** These mean an image or artifact in a registry. */
const REGISTRY = /^(?:docker|oci):\/\/(?!\/)/i

/** What containers/image and ggcr call places that are not registries, and what they are. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^docker-daemon:/i, 'an image of a local Docker daemon'],
  [/^(?:docker-archive|oci-archive|tarball|sif):/i, 'an image in an archive file'],
  [/^containers-storage:/i, 'an image of a local container store'],
  [/^ostree:/i, 'an image in an OSTree repository'],
  [/^(?:oci|dir):(?:\.{0,2}\/|[^:]*:)/i, 'an image in a local directory'],
  [/^file:/i, 'a local file'],
  [/^https?:\/\//i, 'a web address'],
]

/**
 * Takes the transport off a name. skopeo, oc-mirror and Helm write it before names of a registry.
 * @returns the name, and for other places than a registry what the place is
 */
export function withoutTransport(name: string): { readonly text: string; readonly refused?: string } {
  const text = name.trim()
  if (REGISTRY.test(text)) return { text: text.replace(REGISTRY, '') }
  const refused = ELSEWHERE.find(([pattern]) => pattern.test(text))?.[1]
  return refused === undefined ? { text } : { text, refused }
}

/** What a kind of registry does otherwise than the specification says. */
export interface Quirks {
  readonly kind: 'ecr' | 'acr' | 'google' | 'generic'
  /** Whether an upload that broke can go on from the offset that `GET` on it tells. */
  readonly resumes: boolean
  /** Whether the `Range` of an answer to a chunk can be believed; else what was sent counts. */
  readonly tellsOffset: boolean
}

/**
 * Registries by host name. What is not named here follows the specification, or shows by its answers that it does not:
 * a 404 on an upload that should go on makes it start anew, a 201 to a chunk is taken for a 202.
 */
const BY_HOST: readonly (Quirks & { readonly host: RegExp })[] = [
  // answers 201 to PATCH, and a Range that does not move: https://github.com/aws/containers-roadmap/issues/2831
  {
    kind: 'ecr',
    host: /\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws|on)\.[a-z.]+$|^public\.ecr\.aws$/,
    resumes: false,
    tellsOffset: false,
  },
  // uploads cannot be resumed: https://github.com/Azure/azure-sdk-for-js/issues/25448
  { kind: 'acr', host: /\.azurecr\.(io|cn|us)$/, resumes: false, tellsOffset: true },
  { kind: 'google', host: /(^|\.)gcr\.io$|-docker\.pkg\.dev$/, resumes: true, tellsOffset: true },
]

const GENERIC: Quirks = { kind: 'generic', resumes: true, tellsOffset: true }

export function quirksOf(host: string): Quirks {
  const { host: _, ...quirks } = BY_HOST.find(({ host: pattern }) => pattern.test(host)) ?? {
    ...GENERIC,
    host: '',
  }
  return quirks
}

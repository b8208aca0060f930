/** A document that gpreg writes: what it is called, and what reads it. */
export interface DocumentKind {
  readonly what: string
  readonly hint: string
}

const KINDS: Readonly<Record<string, DocumentKind>> = {
  BundleManifest: {
    what: 'the manifest of a bundle',
    hint: 'name the bundle by its path without .manifest.json',
  },
  Error: { what: 'the error of a command that failed', hint: 'run that command again' },
  ImageSet: { what: 'a list of images that gpreg images wrote', hint: '--images FILE reads it' },
  Lock: { what: 'a lock of gpreg', hint: '--lock FILE reads it' },
  Provisioned: { what: 'what gpreg provision -o wrote', hint: 'gpreg values KIND --from FILE reads it' },
  ProvisionedSecrets: {
    what: 'the secrets that gpreg provision wrote',
    hint: 'gpreg values KIND --from FILE reads them, where FILE is what gpreg provision -o wrote',
  },
  Receipt: {
    what: 'a receipt of gpreg',
    hint: 'gpreg bundle save --since FILE and gpreg prune --keep FILE read it',
  },
}

/**
 * The document that a `kind` stands for, because documents are named in place of each other.
 * @param kind as it is in the document; undefined is returned for a kind that is not of gpreg
 */
export function documentKind(kind: unknown): DocumentKind | undefined {
  if (typeof kind !== 'string') return undefined
  const known = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined
  if (known !== undefined || !/^\w+(?:Result|Inspection|Plan)$/.test(kind)) return known
  return {
    what: 'what a command of gpreg printed with --json',
    hint: 'gpreg report reads it, if it is of mirror, verify or bundle',
  }
}

import type { Digest, Reference } from '@gpreg/oci'
import { isBelow, parseRelativeName, referenceBelow, type RegistryPrefix } from '@gpreg/oci/engine'
import { startsAs } from '../documents/document.ts'
import type { Lock, LockEntry } from '../documents/lock.ts'
import { parseReceipt, type Receipt } from '../documents/receipt.ts'
import { readLockFile } from '../documents/lock-file.ts'
import { targetNames, type Naming } from '../gitpod/naming.ts'
import { referenceAt } from '../input.ts'

/** A document that says what a target had, or what it must keep. */
export type PruneDocument = Lock | Receipt

/** An image of a document, under one of the names that it may have at the target. */
export interface NamedContent {
  /** path of the repository, the prefix included */
  readonly repository: string
  /** absent if the image is named by its digest alone */
  readonly tag?: string
  /** the digest that the name stands for, and those of its signatures and other referrers */
  readonly digests: readonly Digest[]
  /** when the document was written, in milliseconds since the epoch */
  readonly created: number
  /** True if the name is only possible: the document does not say which naming the image was mirrored with. */
  readonly isGuess: boolean
}

const NAMINGS: readonly Naming[] = ['installer', 'flat', 'source']

/**
 * Reads a receipt, or a lock as `--lock` does.
 * @throws `input-invalid`, `bundle-damaged`
 */
export async function parsePruneDocument(text: string, path: string): Promise<PruneDocument> {
  return startsAs('Receipt', text) ? parseReceipt(text, path) : readLockFile(text, path)
}

/**
 * All names that the images of a document may have below a prefix: a lock does not say which naming it was mirrored with, so each
 * image has the names of all of them.
 * @throws `reference-invalid`
 */
export function namesOf(document: PruneDocument, to: RegistryPrefix): NamedContent[] {
  const created = Date.parse(document.created)
  if (document.kind === 'Receipt')
    return document.images.map(({ path, digest }) => {
      const name = referenceBelow(to, parseRelativeName(path))
      return named(name, [digest], created, false)
    })
  return document.images.flatMap(entry => {
    const digests = digestsOf(entry)
    const of = (names: readonly Reference[], isGuess: boolean) =>
      names.filter(name => isBelow(to, name)).map(name => named(name, digests, created, isGuess))
    return [...of(toldNames(entry, to), false), ...of(possibleNames(entry, to), true)]
  })
}

/** The names that a lock tells: those that its `--to` gave, and those of a bundle. */
function toldNames({ target, paths = [] }: LockEntry, to: RegistryPrefix): Reference[] {
  return [
    ...(target === undefined ? [] : [referenceAt(target, 'the lock')]),
    ...paths.map(path => referenceBelow(to, parseRelativeName(path))),
  ]
}

function possibleNames({ source }: LockEntry, to: RegistryPrefix): Reference[] {
  const reference = referenceAt(source, 'the lock')
  return NAMINGS.flatMap(naming => targetNames(reference, to, naming))
}

function digestsOf({ digest, filtered, referrers }: LockEntry): Digest[] {
  return [
    digest,
    ...(filtered === undefined ? [] : [filtered.digest]),
    ...referrers.map(referrer => referrer.digest),
  ]
}

function named(
  { repository, tag }: Reference,
  digests: readonly Digest[],
  created: number,
  isGuess: boolean,
): NamedContent {
  return { repository, ...(tag === undefined ? {} : { tag }), digests, created, isGuess }
}

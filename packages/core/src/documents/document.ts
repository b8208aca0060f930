import { isDigest, type Digest, type GpregError } from '@gpreg/oci'
import { z } from 'zod'
import { documentKind } from '../document-kinds.ts'
import { invalidInput, parseJson } from '../input.ts'

/** A digest in a document. */
export const digestShape = z
  .string()
  .refine((text): text is Digest => isDigest(text), 'not a sha256 or sha512 digest')

/** Makes the error for an invalid document. */
export type Refuse = (path: string, why: string, cause?: unknown) => GpregError

/** Defines how a kind of document is read. Its shape has `kind` and `version`, which {@link documentShape} adds. */
export interface DocumentDefinition<S extends z.ZodType> {
  /** the name of the kind in messages, e.g. `a lock` */
  readonly noun: string
  /** the newest version that this gpreg reads */
  readonly version: number
  readonly shape: S
  /** What is wrong with a document of the right shape, if anything is: `it has x twice`. */
  readonly check?: (document: z.output<S>) => string | undefined
  /** how to get a valid document, for messages */
  readonly hint: string
  /** default: `input-invalid` with the hint */
  readonly refuse?: Refuse
  /** True if the document may have secrets, so that messages must show nothing of it. */
  readonly isSecret?: boolean
}

export interface DocumentReader<T> {
  /**
   * Reads a document and checks it.
   * @param path the name of the file in messages
   * @param refuse if the document is part of another one, whose error it gets
   * @throws `input-invalid` for a document of a newer gpreg, and the error of `refuse` for an invalid document
   */
  parse(text: string, path: string, refuse?: Refuse): T
}

/** The shape of a document of a kind and version. */
export function documentShape<K extends string, V extends number, F extends z.ZodRawShape>(
  kind: K,
  version: V,
  fields: F,
) {
  return z.object({ kind: z.literal(kind), version: z.literal(version), ...fields })
}

/** Whether a text says at its start that it is a document of this kind, so that its reader is known before it is parsed. */
export function startsAs(kind: string, text: string): boolean {
  return new RegExp(`"kind"\\s*:\\s*"${kind}"`).test(text.slice(0, 1000))
}

/** Makes the reader of a kind of document. All readers check the JSON first, then the version, then the kind, then the shape. */
export function defineDocument<S extends z.ZodType>({
  noun,
  version: newest,
  shape,
  check = () => undefined,
  hint,
  refuse: usual = (path, why, cause) => invalidInput(path, undefined, why, hint, cause),
  isSecret = false,
}: DocumentDefinition<S>): DocumentReader<z.output<S>> {
  return {
    parse(text, path, refuse = usual) {
      const json = parseJson(text, why => refuse(path, `not ${noun}: ${why}`))
      const { kind, version } = z.looseObject({}).safeParse(json).data ?? {}
      if (typeof version === 'number' && version > newest) {
        const why = `${noun} of version ${version}; this gpreg reads version ${newest}`
        throw invalidInput(path, undefined, why, 'use a newer gpreg')
      }
      const parsed = shape.safeParse(json)
      if (parsed.success) {
        const why = check(parsed.data)
        if (why === undefined) return parsed.data
        throw refuse(path, `not ${noun}: ${why}`)
      }
      const [issue] = parsed.error.issues
      if (issue?.path.length === 0 || issue?.path[0] === 'kind') throw otherDocument(kind)
      const where = issue === undefined || issue.path.length === 0 ? 'document' : issue.path.join('.')
      throw refuse(path, `not ${noun}: ${where}: ${isSecret ? 'not as it should be' : issue?.message}`)

      function otherDocument(kind: unknown): GpregError {
        const found = documentKind(kind)
        if (found === undefined) return refuse(path, `not ${noun}, and no other document of gpreg`)
        const error = refuse(path, `this is ${found.what}, not ${noun}`)
        return error.with({ hint: [error.hint, found.hint].filter(Boolean).join('; for this one: ') })
      }
    },
  }
}

/** The text of a document, indented by two spaces and with a line feed at its end, so that line by line comparison works. */
export function formatDocument(document: object): string {
  return `${JSON.stringify(document, undefined, 2)}\n`
}

/** Compares by code unit, because this order is the same in every locale. */
export function by<T>(key: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)
}

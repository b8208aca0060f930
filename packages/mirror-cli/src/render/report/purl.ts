import { createHash } from 'node:crypto'
import type { ReportedImage } from '@gpreg/core'
import { tryParseReference } from '@gpreg/oci/engine'
import { nameOf } from './words.ts'

/** The package URL of an image where it is: https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md */
export function packageUrl(image: ReportedImage): string | undefined {
  const { digest } = image
  const reference = tryParseReference(nameOf(image))
  if (digest === undefined || reference === undefined) return undefined
  const { host, repository, tag } = reference
  const name = repository.slice(repository.lastIndexOf('/') + 1)
  const encode = (text: string) => encodeURIComponent(text).replaceAll('%2F', '/')
  const qualifiers = [
    `repository_url=${encode(`${host}/${repository}`)}`,
    ...(tag === undefined ? [] : [`tag=${encode(tag)}`]),
  ]
  return `pkg:oci/${encode(name)}@${encode(digest)}?${qualifiers.join('&')}`
}

/** A UUID that is always the same for the same text (version 8 of RFC 9562). */
export function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Name and version of the program of the newest run that names one: `gpreg 0.1.0`. */
export function toolOf(runs: readonly { readonly tool?: string }[]): { name: string; version?: string } {
  const [name = 'gpreg', version] = runs.findLast(({ tool }) => tool !== undefined)?.tool?.split(' ') ?? []
  return { name, ...(version === undefined ? {} : { version }) }
}

import { gzipSync } from 'node:zlib'
import { GpregError } from '@gpreg/oci'

/** Bytes that a ConfigMap or a Secret holds at most. https://kubernetes.io/docs/concepts/configuration/configmap/ */
const MAX_CONFIG_MAP = 1024 * 1024

/** Bytes that are left for names and labels. */
const ROOM = 16 * 1024

/** The data of a ConfigMap with one file, and the name of that file. */
export interface FileData {
  readonly fileName: string
  readonly fields: { readonly data: Record<string, string> } | { readonly binaryData: Record<string, string> }
}

/**
 * A text as the one file of a ConfigMap. A text that is too large is compressed, which gpreg reads as well.
 * @throws `limit-exceeded` if it is too large even then
 */
export function fileData(fileName: string, text: string): FileData {
  if (Buffer.byteLength(text) <= MAX_CONFIG_MAP - ROOM)
    return { fileName, fields: { data: { [fileName]: text } } }
  const compressed = gzipSync(text, { level: 9 })
  if (compressed.byteLength <= MAX_CONFIG_MAP - ROOM) {
    const name = `${fileName}.gz`
    return { fileName: name, fields: { binaryData: { [name]: compressed.toString('base64') } } }
  }
  throw new GpregError(
    'limit-exceeded',
    `the lock has ${compressed.byteLength} bytes even when it is compressed, and a ConfigMap holds 1 MiB`,
    { hint: 'make several locks, and a Job for each' },
  )
}

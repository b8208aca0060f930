import { normalize } from 'node:path'
import { assertBundleKey, parseReceipt, readText, type BundleKey, type Receipt } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { Args, Flags } from '../oclif.ts'
import { parseByteSize } from './byte-size.ts'
import { withEnvironment } from './environment.ts'

const helpGroup = 'BUNDLE'

/** The argument that names a bundle. Commands take several paths: `strict` is off, and `argv` has all of them. */
export const bundleArgs = {
  path: Args.string({
    name: 'PATH',
    required: true,
    description: 'a bundle: its directory, its tar, the base name of its volumes, or volumes one by one',
  }),
}

/** @param dependsOn the flag that names the bundle, if the command can do without one */
export const keyFlag = (...dependsOn: string[]) =>
  withEnvironment({
    key: Flags.string({
      helpGroup,
      helpValue: 'PUB.pem',
      dependsOn,
      description: 'refuse a bundle that was not signed with this key (ECDSA P-256, PEM)',
    }),
  })

export const receiptFlag = withEnvironment({
  receipt: Flags.string({
    helpGroup,
    helpValue: 'FILE',
    description: 'write what the target holds then, as the base of the next bundle (bundle save --since)',
  }),
})

/**
 * Reads the key of `--key` or `--sign-key`, and checks it before the work that it is for.
 * @throws `input-unreadable`, `input-invalid`
 */
export async function readKey(
  path: string | undefined,
  use: 'sign' | 'check' = 'check',
): Promise<BundleKey | undefined> {
  if (path === undefined) return undefined
  const key = { path, pem: await readText(path) }
  assertBundleKey(key, use)
  return key
}

/** @throws `input-unreadable`, `input-invalid` */
export async function readReceipt(path: string | undefined): Promise<Receipt | undefined> {
  return path === undefined ? undefined : parseReceipt(await readText(path), path)
}

/** In bytes. With smaller volumes, a bundle would have too many files to carry. */
const MIN_VOLUME = 1e6

/**
 * Reads `--volume-size`: `4GB`, `700MiB`, or bytes.
 * @throws `usage`
 */
export function parseVolumeSize(text: string): number {
  const size = parseByteSize(text)
  if (size !== undefined && size >= MIN_VOLUME) return size
  throw new GpregError('usage', `${JSON.stringify(text)} is no size of volumes`, {
    hint: 'write a number of at least 1MB with its unit, e.g. 4GB, 4.7GB or 700MiB',
  })
}

/**
 * Reads `-o`: a name that ends in `/` or is a directory means a layout; any other name a tar, whole or in volumes.
 * @throws `usage`
 */
export function parseOutput(
  output: string,
  volumeSize: string | undefined,
  isDirectory: boolean,
): { readonly path: string; readonly form: 'directory' | 'archive'; readonly volumeSize?: number } {
  // In the same form as the paths of existing files, because the volumes of an earlier bundle are recognised by their path.
  const path = normalize(output).replace(/(?<=.)\/+$/, '')
  if (output.endsWith('/') || isDirectory) {
    if (volumeSize === undefined) return { path, form: 'directory' }
    throw new GpregError('usage', `${output} is a directory, and --volume-size cuts a tar`, {
      hint: `name the volumes: -o ${path}/bundle.tar`,
    })
  }
  if (volumeSize !== undefined) return { path, form: 'archive', volumeSize: parseVolumeSize(volumeSize) }
  if (path.endsWith('.tar')) return { path, form: 'archive' }
  const [, stem] = /^(.+?)(?:\.tar)?\.(?:gz|tgz|bz2|xz|zst|zip)$/i.exec(path) ?? []
  if (stem !== undefined)
    throw new GpregError('usage', `${output} is the name of a compressed file, and a bundle is none`, {
      hint: `write ${stem}.tar: the layers in it are compressed already`,
    })
  throw new GpregError('usage', `${output} could be a tar or a directory`, {
    hint: `write ${path}.tar for one tar, ${path}/ for a directory, or add --volume-size 4GB for volumes`,
  })
}

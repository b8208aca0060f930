import { expect } from 'vitest'
import { sha256, type Image } from './images.ts'
import { mustRun } from './process.ts'

/** How skopeo reaches a registry; default: plain HTTP. */
export interface SkopeoAccess {
  /** directory with ca.crt */
  readonly certDir?: string
  readonly credentials?: { readonly username: string; readonly password: string }
}

/** Reads the bytes of a manifest. */
export async function inspectRaw(reference: string, access: SkopeoAccess = {}): Promise<string> {
  return mustRun('skopeo', ['inspect', '--raw', ...flags(access, ''), transportOf(reference)])
}

/** Copies an image with all children and without changing a digest. */
export async function skopeoCopy(
  from: string,
  to: string,
  access: { from?: SkopeoAccess; to?: SkopeoAccess } = {},
): Promise<void> {
  const source = from.startsWith('docker://') ? flags(access.from ?? {}, 'src-') : []
  const target = to.startsWith('docker://') ? flags(access.to ?? {}, 'dest-') : []
  await mustRun('skopeo', ['copy', '--quiet', '--all', '--preserve-digests', ...source, ...target, from, to])
}

/** Checks that the registry serves the image byte for byte: the index, and each child under its digest. */
export async function expectImage(reference: string, image: Image, access: SkopeoAccess = {}): Promise<void> {
  expect(sha256(await inspectRaw(reference, access)), reference).toBe(image.manifest.digest)
  const name = reference.replace(/@.*/, '').replace(/:[^/:]*$/, '')
  for (const child of image.children) await expectImage(`${name}@${child.manifest.digest}`, child, access)
}

function transportOf(reference: string): string {
  return /^(oci|oci-archive|dir|docker):/.test(reference) ? reference : `docker://${reference}`
}

function flags({ certDir, credentials }: SkopeoAccess, side: '' | 'src-' | 'dest-'): string[] {
  return [
    ...(certDir ? [`--${side}cert-dir`, certDir] : [`--${side}tls-verify=false`]),
    ...(credentials ? [`--${side}creds`, `${credentials.username}:${credentials.password}`] : []),
  ]
}

import { GpregError, type ErrorSubject } from '../errors.ts'
import { ACCEPT_MANIFESTS } from '../model/descriptor.ts'
import { digestAlgorithm, digestOf, isDigest } from '../model/digest.ts'
import { parseManifest, type ManifestNode } from '../model/manifest.ts'
import type { ApiResponse } from './http/exchange.ts'

/**
 * A manifest read whole by its name: the way to its digest that trusts no header.
 * @throws `not-found`, `digest-mismatch`, and what a manifest may be wrong with
 */
export async function readNamedManifest(
  get: (
    path: string,
    headers: Record<string, string>,
  ) => Promise<{ response: ApiResponse; bytes: Uint8Array }>,
  tagOrDigest: string,
  subject: ErrorSubject,
): Promise<ManifestNode> {
  const headers = { accept: ACCEPT_MANIFESTS, 'accept-encoding': 'identity' }
  const { response, bytes } = await get(`manifests/${tagOrDigest}`, headers)
  // The registry's word for a tag proves nothing, but what differs from it was damaged on its way.
  const told = isDigest(tagOrDigest) ? tagOrDigest : response.header('docker-content-digest')
  const expected = told !== undefined && isDigest(told) ? told : undefined
  const digest = digestOf(bytes, expected === undefined ? 'sha256' : digestAlgorithm(expected))
  if (expected !== undefined && digest !== expected) {
    throw new GpregError('digest-mismatch', `expected ${expected}, got ${digest}`, {
      ...subject,
      hint: 'the registry, or something before it, answers with other content than was asked for',
    })
  }
  const manifest = parseManifest(bytes, response.header('content-type'), subject)
  return { descriptor: { mediaType: manifest.mediaType, digest, size: bytes.byteLength }, bytes, manifest }
}

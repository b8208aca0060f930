import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isGpregError } from '../errors.ts'
import { isForeignLayer, MediaType } from './descriptor.ts'
import { digestOf } from './digest.ts'
import { childrenOf, MAX_MANIFEST_BYTES, parseManifest } from './manifest.ts'

const digest = digestOf('content')
const config = { mediaType: MediaType.ociConfig, digest, size: 7 }
const bytes = (json: unknown) => Buffer.from(JSON.stringify(json))
const image = { schemaVersion: 2, mediaType: MediaType.ociManifest, config, layers: [] }

describe('parseManifest', () => {
  it('reads OCI and Docker manifests, config first', () => {
    const layer = { mediaType: MediaType.dockerLayerGzip, digest: digestOf('layer'), size: 5 }
    const docker = { ...image, mediaType: MediaType.dockerManifest, layers: [layer] }
    const manifest = parseManifest(bytes(docker), undefined)
    expect(manifest).toMatchObject({ kind: 'manifest', mediaType: MediaType.dockerManifest })
    expect(childrenOf(manifest).map(child => child.digest)).toEqual([digest, layer.digest])
  })

  it('reads indexes with platforms and their variants', () => {
    const child = {
      mediaType: MediaType.ociManifest,
      digest,
      size: 7,
      platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
    }
    const manifest = parseManifest(bytes({ schemaVersion: 2, manifests: [child] }), MediaType.ociIndex)
    expect(manifest).toMatchObject({ kind: 'index', manifests: [child] })
  })

  it('takes the type from the header, or from the shape, where the document names none', () => {
    const { mediaType: _, ...untyped } = image
    expect(parseManifest(bytes(untyped), MediaType.dockerManifest).mediaType).toBe(MediaType.dockerManifest)
    expect(parseManifest(bytes(untyped), 'application/octet-stream').mediaType).toBe(MediaType.ociManifest)
    expect(parseManifest(bytes(image), `${MediaType.ociManifest}; charset=utf-8`).mediaType).toBe(
      MediaType.ociManifest,
    )
  })

  it('does not count the subject as a child', () => {
    const manifest = parseManifest(
      bytes({ ...image, subject: { ...config, mediaType: MediaType.ociManifest } }),
      undefined,
    )
    expect(manifest.subject?.digest).toBe(digest)
    expect(childrenOf(manifest)).toHaveLength(1)
  })

  it('refuses schema 1 with a way out', () => {
    for (const json of [
      { schemaVersion: 1, fsLayers: [] },
      { mediaType: MediaType.dockerSchema1Signed, config, layers: [] },
    ]) {
      expect(() => parseManifest(bytes(json), undefined)).toThrow(
        expect.objectContaining({ code: 'manifest-unsupported', hint: expect.stringContaining('push') }),
      )
    }
  })

  it.each([
    ['a size that is no size', { ...image, config: { ...config, size: -1 } }],
    ['a digest that would be a path', { ...image, config: { ...config, digest: 'sha256:../../etc/passwd' } }],
    [
      'an unknown algorithm',
      { ...image, config: { ...config, digest: 'md5:d41d8cd98f00b204e9800998ecf8427e' } },
    ],
    ['no layers', { ...image, layers: undefined }],
    ['a type that disagrees with the header', { ...image, mediaType: MediaType.dockerManifest }],
    ['an array', []],
  ])('refuses %s', (_, json) => {
    expect(() => parseManifest(bytes(json), MediaType.ociManifest)).toThrow(
      expect.objectContaining({ code: 'manifest-invalid' }),
    )
  })

  it('refuses more than registries take', () => {
    expect(() => parseManifest(new Uint8Array(MAX_MANIFEST_BYTES + 1), undefined)).toThrow(
      expect.objectContaining({ code: 'manifest-too-large' }),
    )
  })

  it('throws nothing but typed errors, whatever the bytes', () => {
    const anything = fc.oneof(
      fc.uint8Array(),
      fc.json().map(text => Buffer.from(text)),
      fc.object().map(json => bytes({ ...image, ...json })),
    )
    fc.assert(
      fc.property(
        anything,
        fc.option(fc.constantFrom(MediaType.ociIndex, MediaType.ociManifest, 'text/html'), {
          nil: undefined,
        }),
        (input, type) => {
          try {
            parseManifest(input, type)
          } catch (error) {
            expect(isGpregError(error)).toBe(true)
          }
        },
      ),
    )
  })
})

it('knows foreign layers of both kinds', () => {
  const layer = (mediaType: string) => isForeignLayer({ mediaType, digest, size: 1 })
  expect(layer(MediaType.dockerForeignLayer)).toBe(true)
  expect(layer('application/vnd.oci.image.layer.nondistributable.v1.tar+gzip')).toBe(true)
  expect(layer(MediaType.ociLayerGzip)).toBe(false)
})

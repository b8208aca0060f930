import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isGpregError } from '../errors.ts'
import { isForeignLayer, MediaType } from './descriptor.ts'
import { digestOf } from './hash.ts'
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

  it('keeps the version and the features of the operating system of an entry', () => {
    const platform = {
      os: 'windows',
      architecture: 'amd64',
      'os.version': '10.0.20348.2227',
      'os.features': ['win32k'],
    }
    const index = parseManifest(bytes({ schemaVersion: 2, manifests: [{ ...config, platform }] }), undefined)
    expect(childrenOf(index).map(entry => entry.platform)).toEqual([platform])
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
    ['a size that no number holds exactly', { ...image, config: { ...config, size: 2 ** 53 } }],
    ['a digest that would be a path', { ...image, config: { ...config, digest: 'sha256:../../etc/passwd' } }],
    [
      'an unknown algorithm',
      { ...image, config: { ...config, digest: 'md5:d41d8cd98f00b204e9800998ecf8427e' } },
    ],
    ['no config', { ...image, config: null }],
    ['a type that contradicts its shape', { ...image, mediaType: MediaType.ociIndex }],
    ['an image that is an index, too', { ...image, manifests: [config] }],
    ['an index that has layers, too', { schemaVersion: 2, manifests: [], layers: [config] }],
    ['an annotation that is a number', { ...image, annotations: { size: 1 } }],
    ['an array', []],
  ])('refuses %s', (_, json) => {
    expect(() => parseManifest(bytes(json), MediaType.ociManifest)).toThrow(
      expect.objectContaining({ code: 'manifest-invalid' }),
    )
  })

  it.each([
    ['no layers', { ...image, layers: undefined }, { layers: [] }],
    ['null for layers', { ...image, layers: null }, { layers: [] }],
    ['null for annotations', { ...image, annotations: null }, { layers: image.layers }],
    ['null for one annotation', { ...image, annotations: { a: null, b: 'c' } }, { annotations: { b: 'c' } }],
    ['null for the subject', { ...image, subject: null, artifactType: null }, { kind: 'manifest' }],
    ['null for the urls of a layer', { ...image, layers: [{ ...config, urls: null }] }, { layers: [config] }],
    ['no schema version', { ...image, schemaVersion: undefined }, { kind: 'manifest' }],
    [
      'a layer without a type',
      { ...image, layers: [{ ...config, mediaType: null }] },
      { layers: [{ ...config, mediaType: MediaType.octetStream }] },
    ],
  ])('reads %s as Go programs do', (_, json, expected) => {
    expect(parseManifest(bytes(json), MediaType.ociManifest)).toMatchObject(expected)
  })

  it.each([
    ['null', null],
    ['without an architecture', { os: 'linux' }],
    ['empty', {}],
  ])('leaves out a platform that is %s', (_, platform) => {
    const index = parseManifest(
      bytes({
        schemaVersion: 2,
        manifests: [
          { ...config, platform },
          { ...config, platform: { os: 'linux', architecture: 'arm', variant: null } },
        ],
      }),
      MediaType.ociIndex,
    )
    expect(childrenOf(index).map(({ platform }) => platform)).toEqual([
      undefined,
      { os: 'linux', architecture: 'arm' },
    ])
  })

  it('takes the type from the document, whatever the header says', () => {
    const docker = { ...image, mediaType: MediaType.dockerManifest }
    expect(parseManifest(bytes(docker), MediaType.ociManifest).mediaType).toBe(MediaType.dockerManifest)
    const silent = { ...image, mediaType: undefined }
    expect(parseManifest(bytes(silent), MediaType.dockerManifest).mediaType).toBe(MediaType.dockerManifest)
    expect(parseManifest(bytes(silent), MediaType.dockerManifestList).mediaType).toBe(MediaType.ociManifest)
    expect(
      parseManifest(bytes({ schemaVersion: 2, manifests: null }), MediaType.dockerManifestList),
    ).toMatchObject({ kind: 'index', manifests: [] })
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

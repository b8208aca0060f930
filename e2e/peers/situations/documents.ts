import { sampleImage, sampleIndex } from '@gpreg/oci/testing'
import {
  altered,
  dockerImage,
  heavyManifest,
  indexWithBlob,
  manyLayers,
  nestedIndex,
  plainImage,
  plainIndex,
  sha512Image,
  sha512Index,
  withEntries,
} from '../sample-images.ts'
import type { Situation } from '../situation.ts'

const DOCKER = 'application/vnd.docker.distribution.manifest.v2+json'

/** Shapes of manifests and indexes. */
export const DOCUMENTS: readonly Situation[] = [
  { name: 'a plain image' },
  { name: 'an index', image: plainIndex },
  { name: 'a Docker image', image: dockerImage },
  { name: 'an OCI index of Docker images', image: () => sampleIndex({ amd64: dockerImage() }) },
  { name: 'layers: null', image: () => altered(plainImage(), { layers: null }) },
  { name: 'layers missing', image: () => altered(plainImage(), { layers: undefined }) },
  { name: 'no layers', image: () => sampleImage([]) },
  { name: 'annotations: null', image: () => altered(plainImage(), { annotations: null }) },
  { name: 'an annotation that is null', image: () => altered(plainImage(), { annotations: { a: null } }) },
  { name: 'subject: null', image: () => altered(plainImage(), { subject: null }) },
  { name: 'no mediaType in the manifest', image: () => altered(plainImage(), { mediaType: undefined }) },
  { name: 'no mediaType in the index', image: () => altered(plainIndex(), { mediaType: undefined }) },
  { name: 'no schemaVersion', image: () => altered(plainImage(), { schemaVersion: undefined }) },
  { name: 'fields that nobody knows', image: () => altered(plainImage(), { extra: [1, { a: null }] }) },
  {
    name: 'layers without mediaType',
    image: () =>
      altered(plainImage(), ({ layers }) => ({
        layers: (layers as object[]).map(layer => ({ ...layer, mediaType: undefined })),
      })),
  },
  {
    name: 'an empty mediaType of the config',
    image: () =>
      altered(plainImage(), ({ config }) => ({ config: { ...(config as object), mediaType: '' } })),
  },
  {
    name: 'layers with data',
    image: () =>
      altered(plainImage(), ({ layers }) => ({
        layers: (layers as object[]).map((layer, nth) =>
          nth === 0 ? { ...layer, data: Buffer.from('a small layer').toString('base64') } : layer,
        ),
      })),
  },
  {
    name: 'a platform that is null',
    image: () => withEntries(plainIndex(), e => ({ ...e, platform: null })),
  },
  { name: 'a platform that is empty', image: () => withEntries(plainIndex(), e => ({ ...e, platform: {} })) },
  {
    name: 'entries without platform',
    image: () => withEntries(plainIndex(), e => ({ ...e, platform: undefined })),
  },
  {
    name: 'entries with the type of Docker',
    image: () => withEntries(plainIndex(), e => ({ ...e, mediaType: DOCKER })),
  },
  {
    name: 'entries without mediaType',
    image: () => withEntries(plainIndex(), e => ({ ...e, mediaType: undefined })),
  },
  { name: 'entries with urls: []', image: () => withEntries(plainIndex(), e => ({ ...e, urls: [] })) },
  {
    name: 'the same entry twice',
    image: () => altered(plainIndex(), ({ manifests }) => ({ manifests: [manifests, manifests].flat() })),
  },
  { name: 'an empty index', image: () => sampleIndex({}) },
  { name: 'manifests: null', image: () => altered(sampleIndex({}), { manifests: null }) },
  { name: 'an index of indexes', image: nestedIndex },
  { name: 'an index that lists a blob', image: indexWithBlob },
  { name: 'an empty layer', image: () => sampleImage(['', 'a layer']) },
  { name: 'the same layer three times', image: () => sampleImage(['a layer', 'a layer', 'a layer']) },
  { name: 'layers with SHA-512 digests', image: sha512Image },
  { name: 'entries with SHA-512 digests', image: sha512Index },
  { name: 'a manifest of 3.9 MiB', image: () => heavyManifest(3.9 * 1024 * 1024) },
  { name: '500 layers', image: () => manyLayers(500) },
  {
    name: 'an image with a subject that is nowhere',
    image: () => sampleImage(['a layer'], { subject: plainImage().descriptor }),
  },
  {
    name: 'an artifact',
    image: () => sampleImage(['a file'], { artifactType: 'application/vnd.example.v1' }),
  },
]

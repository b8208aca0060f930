import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gpreg } from '../support/gpreg.ts'
import { makeImage, makeIndex, makeLayer, type Image } from '../support/images.ts'

/** The release whose images the demo, the documents and the tests of installations copy. */
export const RELEASE = 'release-2022.11.3'
const VERSIONS_IMAGE = `eu.gcr.io/gitpod-core-dev/build/versions:${RELEASE}`
const VERSIONS_FILE = fileURLToPath(new URL('versions.yaml', import.meta.url))

const KIB = 1024
const MIB = 1024 * KIB

/**
 * Makes small images under the names of the release: those that its versions manifest names, and the image that contains this manifest.
 * As in the real ones, few base images are shared by many images.
 * @returns images by reference, the same bytes each time
 */
export async function releaseSamples(): Promise<ReadonlyMap<string, Image>> {
  const list = await gpreg([
    'images',
    '--versions',
    VERSIONS_FILE,
    '--catalogue',
    '2022.11.3',
    '--format',
    'text',
  ])
  if (list.exitCode !== 0) throw new Error(list.stderr)
  const references = [...list.stdout.trim().split('\n'), VERSIONS_IMAGE]
  return sampleImages(references, await readFile(VERSIONS_FILE, 'utf8'))
}

function sampleImages(references: readonly string[], versions: string): ReadonlyMap<string, Image> {
  const alpine = sampleLayer('alpine', 300 * KIB)
  const ubuntu = sampleLayer('ubuntu', 2 * MIB)
  const jdk = sampleLayer('jdk', 3 * MIB)
  const own = (reference: string, size = 40 * KIB) => sampleLayer(fileName(reference), size)

  const make = (reference: string): Image => {
    if (reference.includes('/versions:'))
      return makeImage([alpine, makeLayer('versions.yaml', versions)], 'docker')
    if (reference.includes('/workspace-full:')) return makeImage([ubuntu, ...tools(6)], 'docker')
    if (reference.includes('/ide/')) return makeImage([ubuntu, jdk, own(reference, 200 * KIB)], 'oci')
    if (reference.startsWith('docker.io/library/')) return multiPlatform(() => [own(reference)], 'docker')
    if (reference.startsWith('quay.io/')) return multiPlatform(() => [own(reference)], 'oci')
    return makeImage([alpine, own(reference)], 'docker')
  }
  return new Map(references.map(reference => [reference, make(reference)]))
}

function multiPlatform(layers: () => ReturnType<typeof makeLayer>[], format: 'oci' | 'docker'): Image {
  const platforms = ['amd64', 'arm64'].map(architecture => ({ os: 'linux', architecture }))
  return makeIndex(
    platforms.map(platform => [platform, makeImage(layers(), format, platform)]),
    format,
  )
}

function tools(number: number) {
  return Array.from({ length: number }, (_, index) => sampleLayer(`tool-${index}`, 2 * MIB))
}

/** A layer whose bytes do not compress, and follow from its name. */
function sampleLayer(name: string, size: number) {
  return makeLayer(name, createHash('shake256', { outputLength: size }).update(name).digest())
}

function fileName(reference: string): string {
  return reference.replaceAll(/[^a-z0-9]+/g, '-').slice(-60)
}

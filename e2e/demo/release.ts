import { makeImage, makeIndex, makeLayer, type Image } from '../support/images.ts'

const KIB = 1024
const MIB = 1024 * KIB

/**
 * Makes small images under the names of a real release. As in the real ones, few base images are shared by many images.
 */
export function sampleImages(references: readonly string[], versions: string): ReadonlyMap<string, Image> {
  const alpine = makeLayer('alpine', 300 * KIB)
  const ubuntu = makeLayer('ubuntu', 2 * MIB)
  const jdk = makeLayer('jdk', 3 * MIB)
  const own = (reference: string, size = 40 * KIB) => makeLayer(fileName(reference), size)

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
  return Array.from({ length: number }, (_, index) => makeLayer(`tool-${index}`, 2 * MIB))
}

function fileName(reference: string): string {
  return reference.replaceAll(/[^a-z0-9]+/g, '-').slice(-60)
}

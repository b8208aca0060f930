import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { gpreg } from '../support/gpreg.ts'
import { makeImage, makeIndex, makeLayer, type Image } from '../support/images.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** The release whose images the demo, the documents and the tests of installations copy. */
export const RELEASE = 'release-2022.11.3'
/** The release that an upgrade starts from. Its versions manifest is the other one with older commits for some components. */
export const EARLIER_RELEASE = 'release-2022.10.2'
type SampleRelease = typeof RELEASE | typeof EARLIER_RELEASE
const VERSIONS_FILE = new URL('versions.yaml', import.meta.url)
const REBUILT = /adff3328ae5722956535c4164c2f5d0946a9664e/g

const KIB = 1024
const MIB = 1024 * KIB

/**
 * Makes small images under the names of a release: those that its versions manifest names, and the image that contains this manifest.
 * As in the real ones, few base images are shared by many images.
 * @returns images by reference, the same bytes each time
 */
export async function releaseSamples(release: SampleRelease = RELEASE): Promise<ReadonlyMap<string, Image>> {
  await using directory = await temporaryDirectory()
  const text = await readFile(VERSIONS_FILE, 'utf8')
  const versions = release === RELEASE ? text : text.replace(REBUILT, '1'.repeat(40))
  const file = directory.join('versions.yaml')
  await writeFile(file, versions)
  const catalogue = release.replace('release-', '')
  const list = await gpreg(['images', '--versions', file, '--catalogue', catalogue, '--format', 'text'])
  if (list.exitCode !== 0) throw new Error(list.stderr)
  const versionsImage = `eu.gcr.io/gitpod-core-dev/build/versions:${release}`
  return sampleImages([...list.stdout.trim().split('\n'), versionsImage], versions)
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

import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../support/images.ts'
import { releaseImages } from '../support/release.ts'
import { startServe } from '../support/serve.ts'
import { expectImage, inspectRaw, skopeoCopy } from '../support/skopeo.ts'
import { wrongBlobs } from '../support/storage.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { startUpstream } from '../support/upstream.ts'

const NAMES = [
  'docker.io/library/redis:6.2',
  'docker.io/library/mysql:5.7.34',
  'quay.io/brancz/kube-rbac-proxy:v0.12.0',
]

describe.skipIf(needs('docker-registry', 'skopeo'))('skopeo and gpreg serve', () => {
  it('skopeo copies in and out without a changed byte, and reads the layout', async () => {
    await using upstream = await startUpstream()
    await using layout = await temporaryDirectory()
    await using elsewhere = await temporaryDirectory()
    await using server = await startServe(layout.path)
    const images = releaseImages()
    for (const name of NAMES) {
      const image = images.get(name)!
      const served = `${server.host}/${name}`
      await upstream.add(name, image)
      await skopeoCopy(`docker://${upstream.host}/${name}`, `docker://${served}`)
      await expectImage(served, image)
      const directory = elsewhere.join(name.replaceAll(/[/:]/g, '-'))
      await skopeoCopy(`docker://${served}`, `dir:${directory}`)
      expect(sha256(await readFile(`${directory}/manifest.json`))).toBe(image.manifest.digest)
    }
    expect(await wrongBlobs(layout.path)).toEqual([])
    expect(JSON.parse(await readFile(layout.join('oci-layout'), 'utf8'))).toEqual({
      imageLayoutVersion: '1.0.0',
    })

    const name = await nameInLayout(layout.path, images.get(NAMES[2]!)!.manifest.digest)
    expect(sha256(await inspectRaw(`oci:${layout.path}:${name}`))).toBe(
      images.get(NAMES[2]!)!.manifest.digest,
    )
    await skopeoCopy(`oci:${layout.path}:${name}`, `dir:${elsewhere.join('out')}`)
  })
})

/**
 * The name of an image in the layout's index.
 * https://github.com/opencontainers/image-spec/blob/main/image-layout.md#indexjson-file
 */
async function nameInLayout(directory: string, digest: string): Promise<string> {
  const index: { manifests: { digest: string; annotations?: Record<string, string> }[] } = JSON.parse(
    await readFile(`${directory}/index.json`, 'utf8'),
  )
  const entry = index.manifests.find(manifest => manifest.digest === digest)
  return entry!.annotations!['org.opencontainers.image.ref.name']!
}

import { sha256, type Content, type Image } from './images.ts'

/**
 * Reads an image by plain HTTP, without the code under test, and lists what is missing or wrong: the tag, the manifests
 * of all platforms, and every blob by its digest.
 *
 * @param reference `host:port/repository:tag`
 */
export async function wrongContent(reference: string, image: Image): Promise<string[]> {
  const [, host, repository, tag] = /^([^/]+)\/(.+):([^:/]+)$/.exec(reference) ?? []
  if (!host || !repository || !tag) throw new Error(`not a reference: ${reference}`)
  const api = `http://${host}/v2/${repository}`
  const checked = await Promise.all([
    wrongBytes(`${api}/manifests/${tag}`, image.manifest),
    ...manifestsOf(image).map(manifest => wrongBytes(`${api}/manifests/${manifest.digest}`, manifest)),
    ...image.blobs.map(blob => wrongBytes(`${api}/blobs/${blob.digest}`, blob)),
  ])
  return checked.filter(problem => problem !== undefined)
}

function manifestsOf(image: Image): Content[] {
  return [image.manifest, ...image.children.flatMap(manifestsOf)]
}

async function wrongBytes(url: string, { digest, mediaType }: Content): Promise<string | undefined> {
  const answer = await fetch(url, { headers: { accept: mediaType } })
  const bytes = Buffer.from(await answer.arrayBuffer())
  if (!answer.ok) return `${url}: ${answer.status}`
  const found = sha256(bytes)
  return found === digest ? undefined : `${url}: ${found} instead of ${digest}`
}

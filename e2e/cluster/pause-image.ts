import { readFile } from 'node:fs/promises'
import { makeImage, makeProgramLayer, type Image } from '../support/images.ts'

/** The image of the sandbox container that a kubelet starts in each pod. */
export async function pauseImage(program: string): Promise<Image> {
  const layer = makeProgramLayer('pause', await readFile(program))
  return makeImage([layer], 'oci', undefined, {}, ['/pause'])
}

import type { ListFormat } from './list-format.ts'
import { readEntries } from './entry.ts'

/** What imgpkg and kbld write: ImagesLock, and the bundle that a BundleLock names. https://carvel.dev/imgpkg/docs/latest/resources/ */
export const imagesLock: ListFormat = {
  matches: root =>
    /^(?:imgpkg|kbld)\.carvel\.dev\/|^(?:imgpkg|kbld)\.k14s\.io\//.test(root.at('apiVersion').text ?? ''),
  *read(root, path) {
    const kind = root.at('kind').text
    if (kind === 'ImagesLock') {
      yield* readEntries(root.at('images'), path)
      yield* readEntries(root.at('spec', 'images'), path)
    } else if (kind === 'BundleLock') {
      const { text, line } = root.at('bundle', 'image')
      if (text !== undefined) yield { name: text, line }
      yield {
        remark: 'the images in the bundle are not read; its ImagesLock (.imgpkg/images.yml) names them',
        line: root.line,
      }
    } else
      yield { remark: `${kind ?? 'a document without kind'} of imgpkg or kbld is not read`, line: root.line }
  },
}

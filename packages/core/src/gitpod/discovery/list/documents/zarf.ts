import type { ListFormat } from './list-format.ts'
import { readEntries, unreadKeys } from './entry.ts'

/** Keys of a component that name no images, or only images that `images` must list, too. */
const PLAIN = [
  'images',
  'imageArchives',
  'name',
  'only',
  'actions',
  'healthChecks',
  'default',
  'required',
  'group',
  'scripts',
  'description',
]

/** `zarf.yaml`: the images of its components. https://docs.zarf.dev/ref/components/#container-images */
export const zarfPackage: ListFormat = {
  matches: root => ['ZarfPackageConfig', 'ZarfInitConfig'].includes(root.at('kind').text ?? ''),
  *read(root, path) {
    for (const component of root.at('components').items) {
      yield* readEntries(component.at('images'), path, true)
      for (const archive of component.at('imageArchives').items)
        yield* readEntries(archive.at('images'), path, true)
      yield* unreadKeys(component, PLAIN, `component ${component.at('name').text ?? ''}: `)
    }
  },
}

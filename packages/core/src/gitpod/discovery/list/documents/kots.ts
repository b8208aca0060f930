import type { ListFormat } from './list-format.ts'
import { readEntries } from './entry.ts'

/** A KOTS application: its `additionalImages`. https://docs.replicated.com/reference/custom-resource-application */
export const kotsApplication: ListFormat = {
  matches: root =>
    root.at('kind').text === 'Application' && root.at('apiVersion').text?.startsWith('kots.io/') === true,
  *read(root, path) {
    const images = root.at('spec', 'additionalImages')
    if (images.items.length === 0)
      yield { remark: 'this KOTS application has no additionalImages', line: root.line }
    yield* readEntries(images, path)
  },
}

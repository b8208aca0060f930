import type { ListFormat } from './list-format.ts'
import { readEntries, unreadKeys } from './entry.ts'

/**
 * An ImageSetConfiguration of oc-mirror: its `additionalImages`. Which images a platform, an operator catalogue or a chart has is
 * known to oc-mirror only. https://github.com/openshift/oc-mirror
 */
export const imageSetConfiguration: ListFormat = {
  matches: root =>
    root.at('kind').text === 'ImageSetConfiguration' &&
    root.at('apiVersion').text?.startsWith('mirror.openshift.io/') === true,
  *read(root, path) {
    const mirror = root.at('mirror')
    yield* readEntries(mirror.at('additionalImages'), path, true)
    for (const { key, line } of mirror.entries) {
      if (key === 'additionalImages') continue
      yield key === 'blockedImages'
        ? { remark: 'mirror.blockedImages leaves nothing out here; --exclude does', line }
        : {
            remark: `mirror.${key} is not read, because its images are known to oc-mirror only; its mapping.txt names them`,
            line,
          }
    }
    yield* unreadKeys(root, ['mirror', 'metadata', 'storageConfig'])
  },
}

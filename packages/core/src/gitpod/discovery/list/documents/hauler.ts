import type { ListFormat } from './list-format.ts'
import { namesHost } from '@gpreg/oci/engine'
import { isRemark } from '../list-item.ts'
import { readEntries } from './entry.ts'

/** The registry that hauler takes for names without a host. */
const REGISTRY = 'hauler.dev/registry'

/** A document of a hauler manifest: `kind: Images`. Documents of charts and files are told. https://docs.hauler.dev */
export const haulerManifest: ListFormat = {
  matches: root => /^(?:content|collection)\.hauler\.cattle\.io\//.test(root.at('apiVersion').text ?? ''),
  *read(root, path) {
    const kind = root.at('kind').text
    if (kind !== 'Images') {
      const how = kind === 'Charts' ? '; --chart reads charts' : ''
      yield { remark: `${kind ?? 'a document without kind'} of hauler is not read${how}`, line: root.line }
      return
    }
    const registry = root.at('metadata', 'annotations', REGISTRY).text
    for (const item of readEntries(root.at('spec', 'images'), path, true))
      yield registry === undefined || isRemark(item) || namesHost(item.name)
        ? item
        : { ...item, name: `${registry}/${item.name}` }
  },
}

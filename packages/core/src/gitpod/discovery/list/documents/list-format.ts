import type { ListItem } from '../list-item.ts'
import type { YamlView } from './yaml-view.ts'

/** A format of lists in YAML and JSON. */
export interface ListFormat {
  matches(root: YamlView): boolean
  /** @param path the name of the file, for errors */
  read(root: YamlView, path: string): Iterable<ListItem>
}

import type { ListItem } from '../list-item.ts'
import type { DocumentView } from './document-view.ts'

/** A format of lists in YAML and JSON. */
export interface ListFormat {
  matches(root: DocumentView): boolean
  /** @param path the name of the file, for errors */
  read(root: DocumentView, path: string): Iterable<ListItem>
}

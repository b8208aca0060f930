import { formatReference, type Reference } from '@gpreg/oci'
import { withoutOutputs } from './build-output.ts'
import { roleOf } from './image-key.ts'
import { isTagged, readImageName } from './image-name.ts'
import { referencesInText } from './prose.ts'

/**
 * The images in a text that is neither JSON nor YAML: scripts, configuration in other languages, prose. Known keys count where
 * the text says plainly that they are keys: `--sidecar-image=busybox:1`, a line `image = "alpine"`. Lines that are comments do not
 * count, as in YAML.
 */
export function imagesInText(written: string): Reference[] {
  const text = withoutOutputs(written.replace(COMMENT_LINES, ''))
  if (!text.includes('/') && !/image/i.test(text)) return []
  const named = [...assignments(text)].flatMap(name => {
    const read = readImageName(name)
    return read.kind === 'image' ? [read.source] : []
  })
  return distinct([...named, ...referencesInText(text)])
}

const COMMENT_LINES = /^[ \t]*(?:#|\/\/).*$/gm
/** `--image=NAME`, `--sidecar-image NAME`, `SIDECAR_IMAGE=NAME` */
const FLAG = /(?:^|[\s"'`;(])(?:--?([\w.-]+)(?:=|[ \t]+)|(\w+)=)["']?([^\s"'`;,)\\]+)/g
/** `image = "NAME"`, `image: NAME` */
const LINE =
  /^[ \t]*(?:- +)?["']?([\w./-]+)["']?[ \t]*[:=][ \t]*(?:"([^"\s]+)"|'([^'\s]+)'|([^\s"',#]+)),?[ \t]*(?:[#;].*)?\r?$/gm

function* assignments(text: string): Generator<string> {
  for (const [, flag, variable, name] of text.matchAll(FLAG))
    if (roleOf(flag ?? variable!) === 'image' && (isTagged(name!) || name!.includes('/'))) yield name!
  for (const [, key, double, single, plain] of text.matchAll(LINE)) {
    const quoted = double ?? single
    if (roleOf(key!) !== 'image') continue
    if (quoted !== undefined) yield quoted
    else if (isTagged(plain!) || plain!.includes('/')) yield plain!
  }
}

export function distinct(references: readonly Reference[]): Reference[] {
  return [...new Map(references.map(reference => [formatReference(reference), reference])).values()]
}

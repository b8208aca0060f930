import { isMap, isScalar } from 'yaml'
import type { Context } from '../../context.ts'
import { isTag } from '@gpreg/oci/engine'
import { gitpodImage, type Release } from './catalogue.ts'
import { purposeOf, type FoundImage } from '../discovery/found-image.ts'
import { documentKind } from '../../document-kinds.ts'
import type { IsSet } from '../discovery/installer-file.ts'
import { invalidInput, place } from '../../input.ts'
import { parseYaml, sameKey, textAt, type YamlInput } from '../discovery/yaml-input.ts'

/** `versions.yaml` of a release: the tags of the images that were built for it. */
export interface VersionsManifest {
  readonly path: string
  /** The version in the manifest, e.g. `release-2022.11.3`, or `main.2968` for a build of a branch. */
  readonly version?: string
  /** The tag of a component by its key, e.g. `workspace.supervisor`; undefined if the manifest has none. */
  tag(key: string): string | undefined
}

const HINT = 'a versions manifest reads `components: {server: {version: TAG}, …}`'

/** @throws `input-invalid` */
export function parseVersions(text: string, path: string): VersionsManifest {
  const input = parseYaml(text, path)
  const root = input.documents[0]?.contents
  const other = documentKind(textAt(root ?? null, ['kind'])?.text)
  if (other !== undefined)
    throw invalidInput(path, undefined, `this is ${other.what}, no versions manifest`, other.hint)
  const isManifest = isMap(root) && root.items.some(({ key }) => isScalar(key) && key.value === 'components')
  if (input.documents.length !== 1 || !isManifest)
    throw invalidInput(path, undefined, 'this is no versions manifest', HINT)
  const version = textAt(root, ['version'], sameKey)?.text
  return {
    path,
    ...(version === undefined ? {} : { version }),
    tag: key => tagAt(input, ['components', ...key.split('.'), 'version']),
  }
}

/**
 * All images of a release: its components, with tags of the versions manifest, and the images that the catalogue pins. A
 * component without a tag in the manifest is left out with a warning.
 * @param isSet the settings of a configuration, whose images are added; default: none
 * @throws `input-invalid`
 */
export function releaseImages(
  release: Release,
  versions: VersionsManifest,
  context: Context,
  isSet: IsSet = () => false,
): FoundImage[] {
  const isListed = ({ when }: { readonly when?: string }) => when === undefined || isSet(when)
  const listed = release.components.filter(isListed)
  const components = listed.flatMap(({ key, repository }): FoundImage[] => {
    const tag = versions.tag(key)
    if (tag === undefined) {
      const message = `${place(versions.path)} has no components.${key}.version, so ${repository} is left out, although ${release.name} needs it`
      context.emit({ type: 'warning', code: 'image-skipped', message, subject: { path: versions.path } })
      return []
    }
    const source = gitpodImage(repository, tag)
    return [{ source, purpose: 'components', origins: [`versions:components.${key}`] }]
  })
  const origins = [`catalogue:${release.name}`]
  const pinned = [
    ...release.pinned,
    ...release.conditional.filter(isListed).map(({ source }) => source),
  ]
  return [...components, ...pinned.map(source => ({ source, purpose: purposeOf(source), origins }))]
}

function tagAt(input: YamlInput, keys: readonly string[]): string | undefined {
  const found = textAt(input.documents[0]!.contents, keys, sameKey)
  if (found === undefined || isTag(found.text)) return found?.text
  const why = `${keys.join('.')}: ${JSON.stringify(found.text)} is not a tag`
  throw invalidInput(input.path, input.lineOf(found.node), why, HINT)
}

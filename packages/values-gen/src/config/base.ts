import { hostOfAddress, placesOf } from '@gpreg/core'
import { tryParseReference } from '@gpreg/oci/engine'
import { parse } from 'yaml'
import { toPath, valueInAnyCase } from '../check/path.ts'
import type { Choice, CommonChoice, SecretRole } from '../installation/choice.ts'

/** Where a configuration names the Secret of each role, by the kind of the new choice. */
const SECRET_PLACES: Readonly<Record<Choice['kind'], Partial<Record<SecretRole, string>>>> = {
  'in-cluster': { registry: 'containerRegistry.s3storage.certificate' },
  aws: { registry: 'containerRegistry.s3storage.certificate', storage: 'objectStorage.s3.credentials' },
  gcp: {
    registry: 'containerRegistry.external.certificate',
    storage: 'objectStorage.cloudStorage.serviceAccount',
  },
  azure: { registry: 'containerRegistry.external.certificate', storage: 'objectStorage.azure.credentials' },
  external: { registry: 'containerRegistry.external.certificate' },
}

/** A name that Kubernetes takes for a Secret. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
const SECRET_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/

/**
 * Puts what an existing configuration says in the place of gpreg's defaults: the base image of workspaces, the names of Secrets,
 * and `dropImageRepo` of the same mirror. A part of the choice that the user gave stays.
 */
export function withBase(choice: Choice, text: string, release: string): Choice {
  const read = reader(text)
  const image = placesOf('workspace.workspaceImage', release).map(read).find(isText)
  const allowed = placesOf('containerRegistry.privateBaseImageAllowList', release)
    .flatMap(read)
    .filter(isText)
  const places = { ...placesOfSecrets(choice), ca: 'customCACert' }
  const names = Object.entries(places).flatMap(([role, place]) => {
    const name = read(`${place}.name`)
    return isText(name) && SECRET_NAME.test(name) ? [[role, name]] : []
  })
  const mirror = read('repository')
  const isSameMirror = isText(mirror) && mirror.replace(/\/+$/, '') === choice.mirror?.replace(/\/+$/, '')
  return {
    ...(isSameMirror && read('dropImageRepo') === true ? { dropImageRepo: true } : {}),
    ...(image === undefined ? {} : { workspaceImage: image }),
    allowedBefore: allowed,
    ...choice,
    secretNames: { ...(Object.fromEntries(names) as CommonChoice['secretNames']), ...choice.secretNames },
  }
}

/**
 * Warns that the base image of an existing configuration stays, although it is not on the mirror.
 * @param asked the choice of the user, `used` with what the configuration adds
 */
export function baseWarnings(asked: Choice, used: Choice): string[] {
  const { workspaceImage: image, mirror } = used
  if (image === undefined || image === asked.workspaceImage || mirror === undefined) return []
  const host = tryParseReference(image)?.host
  if (host === undefined || host === hostOfAddress(mirror)) return []
  return [
    `the base image of workspaces stays ${image}, which is pulled from ${host}, not from the mirror: --workspace-image names another`,
  ]
}

/** With one registry for everything, the registry of workspace images is a hosted one, whatever the kind. */
function placesOfSecrets({ kind, singleRegistry }: Choice): Partial<Record<SecretRole, string>> {
  const hosted = SECRET_PLACES.external
  return singleRegistry ? { ...SECRET_PLACES[kind], ...hosted } : SECRET_PLACES[kind]
}

function reader(text: string): (path: string) => unknown {
  let data: unknown
  try {
    data = parse(text, { version: '1.1', logLevel: 'silent' })
  } catch {
    // The file is refused when it is changed, with the reason.
  }
  return path => valueInAnyCase(data, toPath(path))
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

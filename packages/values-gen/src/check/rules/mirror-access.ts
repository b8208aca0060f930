import { hostOfAddress } from '@gpreg/core'
import { isGpregError, parseReference } from '@gpreg/oci'
import { DOCKER_HUB } from '@gpreg/oci/engine'
import { isPublicHost } from '../../installation/known-hosts.ts'
import type { ConfigReader } from '../config-reader.ts'
import type { Rules } from '../rule.ts'
import { customRepository, mirrorOf } from './mirror.ts'

const IMAGE = 'workspace.workspaceImage'
const ALLOW_LIST = 'containerRegistry.privateBaseImageAllowList'

function imageHost(image: string): string | undefined {
  try {
    return parseReference(image).host
  } catch (error) {
    if (isGpregError(error)) return undefined
    throw error
  }
}

/** The host of the base image of workspaces: the mirror, unless the configuration names the image. */
function baseImageHost(config: ConfigReader, mirror: string, release: string): string | undefined {
  const image = config.text(config.placeOf(IMAGE, release))
  return image === undefined ? hostOfAddress(mirror) : imageHost(image)
}

function lastKey(path: string): string {
  return path.split('.').at(-1)!
}

/** Rules about credentials for the mirror. Nodes, image builds, registry-facade and blobserve each have their own credentials. */
export const MIRROR_ACCESS_RULES = {
  'workspace-image-reference': {
    level: 'warning',
    about: 'What workspaces start from is no name of an image.',
    *check(config, { name }) {
      const path = config.placeOf(IMAGE, name)
      const image = config.text(path)
      if (image === undefined || imageHost(image) !== undefined) return
      yield {
        path,
        message: `${JSON.stringify(image)} names no image`,
        hint: 'write host[:port]/path:tag, in lower case and without a scheme',
      }
    },
  },
  'workspace-image-source': {
    level: 'warning',
    about: 'Images of Gitpod come from the mirror, but what workspaces start from does not.',
    *check(config, { name }) {
      const mirror = mirrorOf(config)
      const path = config.placeOf(IMAGE, name)
      const image = config.text(path)
      const host = image && imageHost(image)
      if (mirror === undefined || !host || host === hostOfAddress(mirror)) return
      yield {
        path,
        message: `this is pulled from ${host}, not from the mirror ${mirror}`,
        hint: `mirror it with gpreg mirror --image ${image}, and write its name there`,
      }
    },
  },
  'image-pull-secrets-missing': {
    level: 'warning',
    about: 'Nodes pull from the mirror without credentials.',
    *check(config) {
      const mirror = mirrorOf(config)
      if (mirror === undefined || config.list('imagePullSecrets').length > 0) return
      yield {
        path: 'repository',
        message: `without imagePullSecrets nodes pull from ${hostOfAddress(mirror)} without credentials`,
        hint: 'name a Secret with a login in imagePullSecrets, unless anybody may pull there',
      }
    },
  },
  'image-pull-secrets-name': {
    level: 'warning',
    about:
      'The installer does not look whether an entry of `imagePullSecrets` has a name; pods get one without.',
    *check(config) {
      for (const index of config.list('imagePullSecrets').keys()) {
        if (config.text(['imagePullSecrets', index, 'name']) !== undefined) continue
        yield {
          path: ['imagePullSecrets', index],
          message: 'this entry names no Secret',
          hint: 'write - {kind: secret, name: NAME}',
        }
      }
    },
  },
  'image-pull-secrets-unused': {
    level: 'warning',
    about: "There are credentials to pull with, but images come from Gitpod's public registry.",
    *check(config) {
      if (customRepository(config) !== undefined || config.list('imagePullSecrets').length === 0) return
      yield {
        path: 'imagePullSecrets',
        message:
          'repository is not set: images come from the public registry of Gitpod, which needs no credentials',
        hint: 'set repository to the mirror that these are for, or leave them out',
      }
    },
  },
  'facade-credentials': {
    level: 'warning',
    about:
      'With the in-cluster registry, registry-facade and blobserve have a login for that registry alone, not for the mirror.',
    *check(config) {
      const mirror = mirrorOf(config)
      if (mirror === undefined || !config.flag('containerRegistry.inCluster')) return
      if (config.list('imagePullSecrets').length === 0) return
      yield {
        path: 'imagePullSecrets',
        message: `registry-facade and blobserve do not use these for ${hostOfAddress(mirror)}, but builtin-registry-auth, which the installer makes anew with each render`,
        hint: `add the mirror after each render: gpreg values patch - --mirror ${mirror} --mirror-credentials FILE -o FILE`,
      }
    },
  },
  'allow-list-mirror': {
    level: 'warning',
    about: 'Image builds send credentials only to hosts of the allow list, and the mirror is not in it.',
    *check(config, { name }) {
      const mirror = mirrorOf(config)
      if (mirror === undefined) return
      const host = hostOfAddress(mirror)
      const place = config.placeOf(ALLOW_LIST, name)
      if (baseImageHost(config, mirror, name) !== host || config.list(place).includes(host)) return
      yield {
        path: config.has(place) ? place : 'repository',
        message: `base images are pulled from ${host} without credentials: it is not in ${lastKey(place)}`,
        hint: `add ${host} to ${place}`,
      }
    },
  },
  'allow-list-base-image': {
    level: 'warning',
    about:
      'What workspaces start from is on a registry that is most likely private, and image builds send no credentials there.',
    *check(config, { name }) {
      const path = config.placeOf(IMAGE, name)
      const image = config.text(path)
      const host = image && imageHost(image)
      const mirror = mirrorOf(config)
      if (!host || isPublicHost(host) || (mirror !== undefined && host === hostOfAddress(mirror))) return
      const place = config.placeOf(ALLOW_LIST, name)
      if (config.list(place).includes(host)) return
      yield {
        path,
        message: `this is pulled from ${host} without credentials: it is not in ${lastKey(place)}`,
        hint: `add ${host} to ${place}, and its login to the Secret of the registry of workspace images, unless anybody may pull there`,
      }
    },
  },
  'private-ca': {
    level: 'warning',
    about: '`customCACert` is not mounted by blobserve, and not known to the nodes.',
    *check(config) {
      const mirror = mirrorOf(config)
      if (mirror === undefined || !config.has('customCACert')) return
      yield {
        path: 'customCACert',
        message: `blobserve does not mount it, and nodes do not know it: they trust ${hostOfAddress(mirror)} only with a certificate that is trusted anyway`,
        hint: 'bring it to the nodes (gpreg node-config --ca-file), and add it to blobserve in the rendered manifests',
      }
    },
  },
  'docker-hub-keys': {
    level: 'warning',
    about:
      'Docker Hub is looked up in a docker config by a different name by each of image-builder, registry-facade and kubelet.',
    *check(config) {
      const hub = /^(?:docker\.io|index\.docker\.io|registry-1\.docker\.io)$/
      for (const path of ['repository', 'containerRegistry.external.url']) {
        const address = config.text(path)
        if (address === undefined || !hub.test(hostOfAddress(address))) continue
        yield {
          path,
          message: 'credentials for Docker Hub are looked up by three names',
          hint: `write docker.io here; give the Secret an entry each for ${DOCKER_HUB}, registry-1.docker.io and https://index.docker.io/v1/`,
        }
      }
    },
  },
} satisfies Rules

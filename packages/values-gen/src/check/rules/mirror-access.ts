import { hostOfAddress } from '@gpreg/core'
import { isGpregError, parseReference } from '@gpreg/oci'
import { DOCKER_HUB } from '@gpreg/oci/engine'
import type { ConfigReader } from '../config-reader.ts'
import type { Rules } from '../rule.ts'
import { customRepository, mirrorOf } from './mirror.ts'

const IMAGE = 'workspace.workspaceImage'
const ALLOW_LIST = 'containerRegistry.privateBaseImageAllowList'
/** The path of the allow list before 2022.07. */
const OLD_ALLOW_LIST = 'experimental.webapp.server.defaultBaseImageRegistryWhitelist'

function imageHost(image: string): string | undefined {
  try {
    return parseReference(image).host
  } catch (error) {
    if (isGpregError(error)) return undefined
    throw error
  }
}

/** The host of the base image of workspaces: the mirror, unless the configuration names the image. */
function baseImageHost(config: ConfigReader, mirror: string): string | undefined {
  const image = config.text(IMAGE)
  return image === undefined ? hostOfAddress(mirror) : imageHost(image)
}

/** Rules about credentials for the mirror. Nodes, image builds, registry-facade and blobserve each have their own credentials. */
export const MIRROR_ACCESS_RULES = {
  'workspace-image-reference': {
    level: 'warning',
    about: 'What workspaces start from is no name of an image.',
    *check(config) {
      const image = config.text(IMAGE)
      if (image === undefined || imageHost(image) !== undefined) return
      yield {
        path: IMAGE,
        message: `${JSON.stringify(image)} names no image`,
        hint: 'write host[:port]/path:tag, in lower case and without a scheme',
      }
    },
  },
  'workspace-image-source': {
    level: 'warning',
    about: 'Images of Gitpod come from the mirror, but what workspaces start from does not.',
    *check(config) {
      const mirror = mirrorOf(config)
      const image = config.text(IMAGE)
      const host = image && imageHost(image)
      if (mirror === undefined || !host || host === hostOfAddress(mirror)) return
      yield {
        path: IMAGE,
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
    *check(config) {
      const mirror = mirrorOf(config)
      if (mirror === undefined) return
      const host = hostOfAddress(mirror)
      const hosts = [...config.list(ALLOW_LIST), ...config.list(OLD_ALLOW_LIST)]
      if (baseImageHost(config, mirror) !== host || hosts.includes(host)) return
      yield {
        path: config.has(ALLOW_LIST) ? ALLOW_LIST : 'repository',
        message: `base images are pulled from ${host} without credentials: it is not in privateBaseImageAllowList`,
        hint: `add ${host} to ${ALLOW_LIST}`,
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

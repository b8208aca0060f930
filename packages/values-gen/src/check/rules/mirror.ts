import { hostOfAddress } from '@gpreg/core'
import { DOCKER_HUB } from '@gpreg/oci/engine'
import { GITPOD_REPOSITORY } from '../../config/schema.ts'
import { isEcr, isLoopbackAddress, NEEDS_HTTPS, startsWithHost } from '../../installation/address.ts'
import { canHoldImages } from '../../installation/image-name.ts'
import { isFlatHost, wantedForm } from '../../installation/known-hosts.ts'
import type { ConfigReader } from '../config-reader.ts'
import type { Rules } from '../rule.ts'

/** `repository`, if it is not Gitpod's own; a trailing slash is ignored. */
export function customRepository(config: ConfigReader): string | undefined {
  const repository = config.text('repository')?.replace(/\/$/, '')
  return repository === GITPOD_REPOSITORY ? undefined : repository
}

/** The custom repository, if it is a valid start of image names. */
export function mirrorOf(config: ConfigReader): string | undefined {
  const repository = customRepository(config)
  const usable =
    repository !== undefined &&
    startsWithHost(repository) &&
    canHoldImages(config.text('repository') ?? '', false)
  return usable ? repository : undefined
}

/** Texts that Helm's `--set` makes a number or a boolean of. https://github.com/helm/helm/blob/v3.9.3/pkg/strvals/parser.go */
const HELM_TYPED = /^(?:0|[1-9]\d*|true|false)$/

/** The reason why a repository cannot contain images; undefined if it can. */
function refusal(repository: string, dropImageRepo: boolean): { message: string; hint: string } | undefined {
  if (HELM_TYPED.test(repository))
    return {
      message:
        'the charts that the installer renders take this for a number or for true or false, and get no image name',
      hint: 'write host[:port]/path',
    }
  if (canHoldImages(repository, dropImageRepo)) return undefined
  if (canHoldImages(repository, false)) return droppedRefusal(repository)
  const scheme = /^[a-z]+:\/\//i.exec(repository)?.[0]
  if (scheme?.toLowerCase() === 'http://')
    return {
      message: 'the installer panics on a scheme, and pods cannot pull from a registry with plain HTTP',
      hint: NEEDS_HTTPS,
    }
  if (scheme !== undefined)
    return {
      message: 'the installer panics on a scheme',
      hint: `leave it out: ${repository.slice(scheme.length)}`,
    }
  if (repository.startsWith('['))
    return {
      message: 'the installer panics on an IPv6 address, which no image name has',
      hint: 'give the registry a name in DNS, and write that',
    }
  const [host = '', ...path] = repository.split('/')
  const lower = [host, ...path.map(part => part.toLowerCase())].join('/')
  if (lower !== repository) return { message: 'names of images are lower case', hint: `write ${lower}` }
  return { message: 'no image can be named below this', hint: 'write host[:port]/path, without a tag' }
}

/** The installer reads a short name as one on Docker Hub, but with `dropImageRepo` it takes the full form only. */
function droppedRefusal(repository: string): { message: string; hint: string } {
  const full = startsWithHost(repository) ? `${DOCKER_HUB}/NAME` : `${DOCKER_HUB}/${repository}`
  return {
    message: `with dropImageRepo the installer panics on ${repository}: image names are short, and must be written in full`,
    hint: `name the host and a path, such as ${full} or registry.internal/gitpod, or leave dropImageRepo out`,
  }
}

/** Rules about the registry that Gitpod's images are pulled from. */
export const MIRROR_RULES = {
  'repository-reference': {
    level: 'error',
    about: 'Image names are made from `repository`, and the installer panics on one that is none.',
    *check(config) {
      const repository = config.text('repository')
      const drops = config.flag('dropImageRepo') ?? false
      if (repository === undefined || (drops && repository.endsWith('/'))) return
      const why = refusal(repository, drops)
      if (why !== undefined) yield { path: 'repository', ...why }
    },
  },
  'repository-slash': {
    level: 'error',
    about:
      'With `dropImageRepo` the installer does not trim the slash at the end of `repository`, and panics on two.',
    *check(config) {
      const repository = config.text('repository')
      if (!config.flag('dropImageRepo') || !repository?.endsWith('/')) return
      yield {
        path: 'repository',
        message: 'with dropImageRepo the slash at the end is not trimmed: names of images get two',
        hint: `write ${repository.replace(/\/+$/, '')}`,
      }
    },
  },
  'repository-host': {
    level: 'warning',
    about: 'A first segment without dot and port is no host: images are looked for on docker.io.',
    *check(config) {
      const repository = customRepository(config)
      if (repository === undefined || startsWithHost(repository)) return
      if (refusal(repository, config.flag('dropImageRepo') ?? false) !== undefined) return
      yield {
        path: 'repository',
        message: `${hostOfAddress(repository)} has neither a dot nor a port: the installer reads docker.io/${repository}`,
        hint: `name the host in full, such as ${hostOfAddress(repository)}.internal or with its port`,
      }
    },
  },
  'repository-namespace': {
    level: 'warning',
    about: 'The registry belongs to many, and the path is not one that images can be mirrored to.',
    *check(config) {
      const mirror = mirrorOf(config)
      const form = mirror && wantedForm(mirror)
      if (!form) return
      yield {
        path: 'repository',
        message: `no image can be brought to ${mirror}/NAME there`,
        hint: `write ${form}`,
      }
    },
  },
  'repository-flat': {
    level: 'warning',
    about: 'The registry has no names with a path below the namespace, and most images of Gitpod have one.',
    *check(config) {
      const mirror = mirrorOf(config)
      if (mirror === undefined || config.flag('dropImageRepo') || !isFlatHost(mirror)) return
      yield {
        path: 'repository',
        message: `names such as ${mirror}/library/redis have a path below the namespace, which this registry does not allow`,
        hint: 'mirror to a registry that allows paths, or with gpreg mirror --naming flat and dropImageRepo: true',
      }
    },
  },
  'repository-loopback': {
    level: 'warning',
    about: 'A loopback address is the machine that asks, so that each pod looks for the registry in itself.',
    *check(config) {
      const mirror = mirrorOf(config)
      if (mirror === undefined || !isLoopbackAddress(mirror)) return
      yield {
        path: 'repository',
        message: `${hostOfAddress(mirror)} is each pod itself: registry-facade and blobserve cannot pull from it`,
        hint: 'name the registry as pods and nodes reach it',
      }
    },
  },
  'repository-ecr': {
    level: 'warning',
    about: 'A login to ECR lasts 12 hours, and nobody renews the Secrets that hold it.',
    *check(config) {
      const mirror = mirrorOf(config)
      if (mirror === undefined || !isEcr(mirror)) return
      yield {
        path: 'repository',
        message: 'registry-facade pulls with a login from a Secret, and a login to ECR lasts 12 hours',
        hint: 'renew the Secret more often than that, or mirror to a registry with lasting logins',
      }
    },
  },
  'drop-image-repo': {
    level: 'warning',
    about:
      'With `dropImageRepo` images are looked for by their last segment, but not those of the bitnami charts from 2022.11.2 on.',
    *check(config, { name, chartsKeepPath }) {
      const mirror = mirrorOf(config)
      if (!config.flag('dropImageRepo') || mirror === undefined) return
      const charts = chartsKeepPath
        ? `, but those of the bitnami charts as ${mirror}/bitnami/NAME in ${name}`
        : ''
      yield {
        path: 'dropImageRepo',
        message: `images are looked for as ${mirror}/NAME, without their path${charts}`,
        hint: 'mirror with gpreg mirror --naming flat, which knows the exceptions; for a mirror that keeps paths leave this out',
      }
    },
  },
  'drop-image-repo-nested': {
    level: 'warning',
    about:
      'With `dropImageRepo` images are looked for without their path, but what workspaces start from has one.',
    *check(config, { name }) {
      const place = config.placeOf('workspace.workspaceImage', name)
      const [mirror, image] = [mirrorOf(config), config.text(place)]
      if (!config.flag('dropImageRepo') || mirror === undefined || !image?.startsWith(`${mirror}/`)) return
      if (!image.slice(mirror.length + 1).includes('/')) return
      yield {
        path: place,
        message: 'this mirror keeps paths, while dropImageRepo has images looked for without',
        hint: 'leave dropImageRepo out, or name the image as the flat mirror has it',
      }
    },
  },
  'drop-image-repo-public': {
    level: 'warning',
    about:
      "Gitpod's public registry has no images without their path, as `dropImageRepo` has them looked for.",
    *check(config) {
      if (!config.flag('dropImageRepo') || customRepository(config) !== undefined) return
      yield {
        path: 'dropImageRepo',
        message: `${GITPOD_REPOSITORY} has no images without their path`,
        hint: 'set repository to a mirror made with gpreg mirror --naming flat, or leave this out',
      }
    },
  },
  'cloudsql-proxy-image': {
    level: 'warning',
    about: 'The image of the Cloud SQL proxy is pulled from b.gcr.io whatever `repository` says.',
    *check(config) {
      if (mirrorOf(config) === undefined || config.flag('dropImageRepo') || config.flag('database.inCluster'))
        return
      if (!config.has('database.cloudSQL')) return
      yield {
        path: 'database.cloudSQL',
        message: 'the installer renders b.gcr.io/cloudsql-docker/gce-proxy whatever repository says',
        hint: 'let nodes pull it from the mirror (gpreg node-config), or change the image in the rendered manifests',
      }
    },
  },
} satisfies Rules

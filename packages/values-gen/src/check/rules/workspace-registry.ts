import { hostOfAddress } from '@gpreg/core'
import {
  isAddress,
  isEcr,
  isLoopbackAddress,
  NEEDS_HTTPS,
  startsWithHost,
} from '../../installation/address.ts'
import { wantedForm } from '../../installation/known-hosts.ts'
import type { Rules } from '../rule.ts'

const URL = 'containerRegistry.external.url'
const ALLOW_LIST = 'containerRegistry.privateBaseImageAllowList'
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i
const HUB_ALIAS = /^(?:https:\/\/)?(?:index\.docker\.io|registry-1\.docker\.io)(?:\/|$)/

/** Rules about the registry that workspace images are pushed to. */
export const WORKSPACE_REGISTRY_RULES = {
  'registry-missing': {
    level: 'error',
    about: 'Without the in-cluster registry there must be an external one.',
    *check(config) {
      if (config.flag('containerRegistry.inCluster') !== false || config.has('containerRegistry.external'))
        return
      yield {
        path: 'containerRegistry.inCluster',
        message: 'containerRegistry.external is required where inCluster is false',
        hint: 'set containerRegistry.external.url and .certificate, or inCluster: true',
      }
    },
  },
  'registry-contradiction': {
    level: 'warning',
    about: 'One of the in-cluster and the external registry is configured, and the other is used.',
    *check(config) {
      const inCluster = config.flag('containerRegistry.inCluster')
      if (inCluster && config.has('containerRegistry.external'))
        yield {
          path: 'containerRegistry.external',
          message:
            'workspace images go to the in-cluster registry: inCluster is true, as it is where it is not set',
          hint: 'set containerRegistry.inCluster: false, or leave external out',
        }
      if (inCluster === false && config.has('containerRegistry.s3storage'))
        yield {
          path: 'containerRegistry.s3storage',
          message: 'only the in-cluster registry uses this, and inCluster is false',
          hint: 'set containerRegistry.inCluster: true and leave external out, or leave s3storage out',
        }
    },
  },
  'registry-url-scheme': {
    level: 'warning',
    about: 'The URL of the registry becomes the start of image names, which have no scheme.',
    *check(config) {
      const url = config.text(URL)
      const scheme = url && SCHEME.exec(url)?.[0]
      if (!scheme) return
      yield {
        path: URL,
        message:
          scheme.toLowerCase() === 'http://'
            ? 'a registry with plain HTTP cannot keep workspace images: image builds, registry-facade and nodes talk https'
            : 'image names start with this, and no image name has a scheme',
        hint: scheme.toLowerCase() === 'http://' ? NEEDS_HTTPS : `leave it out: ${url.slice(scheme.length)}`,
      }
    },
  },
  'registry-url-host': {
    level: 'warning',
    about: 'A first segment without dot and port is no host: images would go to docker.io.',
    *check(config) {
      const url = config.text(URL)
      if (url === undefined || SCHEME.test(url) || startsWithHost(url)) return
      yield {
        path: URL,
        message: `${hostOfAddress(url)} has neither a dot nor a port: images would be pushed to docker.io/${url}`,
        hint: 'name the host in full, or with its port',
      }
    },
  },
  'registry-url-form': {
    level: 'warning',
    about: 'The URL of the registry is not host[:port][/path] in lower case.',
    *check(config) {
      const url = config.text(URL)
      if (url === undefined || SCHEME.test(url) || isAddress(url)) return
      yield {
        path: URL,
        message: 'image names start with this, and it is not host[:port][/path] in lower case',
        hint: 'write it as registry.internal:5000/gitpod',
      }
    },
  },
  'registry-namespace': {
    level: 'warning',
    about: 'The registry belongs to many, and the path is not one that images can be pushed below.',
    *check(config) {
      const url = config.text(URL)?.replace(SCHEME, '')
      const form = url && wantedForm(url)
      if (!form) return
      yield {
        path: URL,
        message: `nobody can push ${url.replace(/\/+$/, '')}/workspace-images there`,
        hint: `write ${form}`,
      }
    },
  },
  'registry-loopback': {
    level: 'warning',
    about: 'A loopback address is the machine that asks, so that each pod looks for the registry in itself.',
    *check(config) {
      const url = config.text(URL)?.replace(SCHEME, '')
      if (url === undefined || !isLoopbackAddress(url)) return
      yield {
        path: URL,
        message: `${hostOfAddress(url)} is each pod itself: image builds cannot push to it`,
        hint: 'name the registry as pods and nodes reach it',
      }
    },
  },
  'registry-ecr': {
    level: 'warning',
    about: 'ECR does not create repositories on push, and its logins last 12 hours.',
    *check(config) {
      const url = config.text(URL)
      if (url === undefined || !isEcr(url.replace(SCHEME, ''))) return
      yield {
        path: URL,
        message:
          'ECR creates no repositories on push, and its logins last 12 hours, while the installer keeps one in a Secret',
        hint: 'use the in-cluster registry with a bucket: gpreg values aws --region REGION --bucket BUCKET',
      }
    },
  },
  'allow-list-entry': {
    level: 'warning',
    about:
      'Entries of the allow list are compared with the host of an image: with a scheme or a path they never match.',
    *check(config, { name }) {
      const place = config.placeOf(ALLOW_LIST, name)
      for (const [index, entry] of config.list(place).entries()) {
        if (typeof entry !== 'string') continue
        const host = HUB_ALIAS.test(entry)
          ? 'docker.io'
          : hostOfAddress(entry.replace(SCHEME, '')).toLowerCase()
        if (entry === host && startsWithHost(host)) continue
        yield {
          path: [...place.split('.'), index],
          message: `this is compared with the host of an image, and ${JSON.stringify(entry)} is the host of none`,
          hint: startsWithHost(host)
            ? `write ${host}`
            : 'write the host as image names have it, with a dot or a port',
        }
      }
    },
  },
} satisfies Rules

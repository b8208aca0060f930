import { hangingUp, refusing } from '@gpreg/oci/testing'
import { MOUNT } from '../oddities.ts'
import { plainIndex } from '../sample-images.ts'
import type { Situation } from '../situation.ts'

const statuses = [400, 401, 403, 404, 405, 409, 415, 500, 501]

/** Mounts of blobs between repositories of one registry. */
export const MOUNTS: readonly Situation[] = [
  { name: 'a mount within one registry', oneRegistry: true },
  { name: 'mounts of an index within one registry', oneRegistry: true, image: plainIndex },
  ...statuses.map((status): Situation => ({
    name: `a mount refused with ${status}`,
    oneRegistry: true,
    target: () => refusing('POST', MOUNT, status),
  })),
  {
    name: 'a mount from the same repository refused with 400',
    oneRegistry: true,
    target: () => refusing('POST', /\/x\/app\/.*from=x/, 400),
  },
  {
    name: 'a mount answered by a dropped connection',
    oneRegistry: true,
    target: () => hangingUp('POST', MOUNT),
  },
  {
    name: 'a mount answered with 201 without headers',
    oneRegistry: true,
    target: at => (request, response) => {
      const [, digest, from] = /mount=([^&]+).*from=([^&]+)/.exec(decodeURIComponent(request.url!)) ?? []
      if (request.method !== 'POST' || digest === undefined) return false
      void at.store
        .repository('x/app')
        .mount({ mediaType: '', digest: digest as `sha256:${string}`, size: 0 }, from!)
        .then(() => response.writeHead(201).end())
      return true
    },
  },
]

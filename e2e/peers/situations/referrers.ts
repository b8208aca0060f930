import { refusing, sampleImage, withoutReferrersApi, type Oddity, type Sample } from '@gpreg/oci/testing'
import { MANIFEST, REFERRERS } from '../oddities.ts'
import { stock } from '../raw-registry.ts'
import { plainImage, plainIndex } from '../sample-images.ts'
import type { Situation } from '../situation.ts'

const answers: readonly (readonly [status: number, body: string, what?: string])[] = [
  ...[400, 401, 403, 404, 405, 406, 500, 501, 503].map(status => [status, ''] as const),
  [200, '<html>log in</html>', 'a web page'],
  [200, '{}', 'an empty object'],
  [200, '[]', 'an empty array'],
  [200, '', 'nothing'],
  [204, ''],
]

const signature = (subject: Sample) =>
  sampleImage(['signature'], {
    subject: subject.descriptor,
    artifactType: 'application/vnd.example.signature',
  })
const fallbackTag = ({ descriptor }: Sample) => descriptor.digest.replace(':', '-')

/** Reads `sha256-<hex>` as the digest, as GitLab does. */
const likeGitLab: Oddity = request => {
  request.url = request.url!.replace(/manifests\/sha256-([0-9a-f]{64})$/, 'manifests/sha256:$1')
  return false
}

/** Looking for referrers and copying them. The verdict is about the image. */
export const REFERRER_SITUATIONS: readonly Situation[] = [
  ...(['source', 'target', 'both'] as const).flatMap(side =>
    answers.map(([status, body, what]): Situation => ({
      name: `referrers answered with ${what ?? status}, ${side}`,
      referrers: true,
      [side]: () => refusing('GET', REFERRERS, status, body),
    })),
  ),
  {
    name: 'an image with a referrer',
    referrers: true,
    prepare: ({ source }) => stock(source, 'app', signature(plainImage())),
  },
  {
    name: 'a referrer whose blob is missing',
    referrers: true,
    aboutReferrers: true,
    prepare: ({ source }) => stock(source, 'app', { ...signature(plainImage()), blobs: new Map() }),
  },
  {
    name: 'a fallback tag with a list',
    referrers: true,
    both: () => withoutReferrersApi,
    async prepare({ source }) {
      const referrer = signature(plainImage())
      await stock(source, 'app', referrer)
      const list = { schemaVersion: 2, manifests: [referrer.descriptor] }
      const index = { ...plainIndex(), children: [], bytes: Buffer.from(JSON.stringify(list)) }
      await stock(source, 'app', index, fallbackTag(plainImage()))
    },
  },
  {
    name: 'a fallback tag with an image',
    referrers: true,
    both: () => withoutReferrersApi,
    prepare: ({ source }) => stock(source, 'app', sampleImage(['other']), fallbackTag(plainImage())),
  },
  {
    name: 'a fallback tag with an image index',
    referrers: true,
    both: () => withoutReferrersApi,
    prepare: ({ source }) => stock(source, 'app', plainIndex(), fallbackTag(plainImage())),
  },
  {
    name: 'a fallback tag as GitLab answers',
    referrers: true,
    both: () => [withoutReferrersApi, likeGitLab],
  },
  {
    name: 'a fallback tag refused with 403',
    referrers: true,
    both: () => [withoutReferrersApi, refusing('GET HEAD', /manifests\/sha256-/, 403)],
  },
  {
    name: 'a referrer that the target refuses',
    referrers: true,
    aboutReferrers: true,
    prepare: ({ source }) => stock(source, 'app', signature(plainImage())),
    target: () =>
      refusing('PUT', new RegExp(MANIFEST.source + signature(plainImage()).descriptor.digest), 400),
  },
]

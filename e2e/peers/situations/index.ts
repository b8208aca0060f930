import type { Situation } from '../situation.ts'
import { CHALLENGES } from './challenges.ts'
import { DOCUMENTS } from './documents.ts'
import { FAULTS } from './faults.ts'
import { LOGINS } from './logins.ts'
import { MOUNTS } from './mounts.ts'
import { READS } from './reads.ts'
import { REDIRECTS } from './redirects.ts'
import { REFERRER_SITUATIONS } from './referrers.ts'
import { UPLOADS } from './uploads.ts'

/** All rows of the matrix, each with what it is about. */
export const SITUATIONS: readonly (readonly [group: string, situation: Situation])[] = Object.entries({
  image: DOCUMENTS,
  read: READS,
  redirect: REDIRECTS,
  upload: UPLOADS,
  mount: MOUNTS,
  referrers: REFERRER_SITUATIONS,
  login: [...LOGINS, ...CHALLENGES],
  fault: FAULTS,
}).flatMap(([group, situations]) => situations.map(situation => [group, situation] as const))

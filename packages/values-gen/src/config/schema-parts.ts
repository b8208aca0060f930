import { z } from 'zod'
import { DOMAIN } from '../installation/domain.ts'
import { isUrl, parseDuration } from './go-text.ts'

/** A text that must not be empty. `abort` skips the other checks of an empty text, so that it is reported once. */
export const word = z.string().min(1, { abort: true })

export const objectRef = z.strictObject({
  kind: z.literal('secret'),
  name: word.describe('Name of the Secret.'),
})

/** The installer checks no element of this list. */
export const pullSecret = z.strictObject({ kind: z.string().optional(), name: z.string().optional() })

/** A whole number in a range. The decoder gives numbers beyond 64 bits as `bigint`, which no field takes. */
export const integer = (least: number, most: number) => z.number().multipleOf(1).min(least).max(most)

export const int64 = integer(-(2 ** 63), 2 ** 63)

/**
 * Also no digits at all are a quantity, if there is a suffix or a sign.
 * https://github.com/kubernetes/apimachinery/blob/v0.24.4/pkg/api/resource/quantity.go
 */
export const quantity = z.union(
  [z.number(), z.string().regex(/^ *(?! *$)[+-]?\d*(?:\.\d*)?(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)? *$/)],
  { error: 'a quantity such as 500m or 2Gi' },
)

export const resources = z.strictObject({
  requests: z.record(z.string(), quantity).optional(),
  limits: z.record(z.string(), quantity).optional(),
})

const DURATION = { error: 'a duration such as 36h or 90m' }

/** A number without a unit counts nanoseconds. */
export const duration = z.union(
  [z.number(), z.string().refine(text => parseDuration(text) !== undefined, DURATION)],
  DURATION,
)

/** A duration of nothing counts as missing. */
export const someDuration = duration.refine(
  value => (typeof value === 'number' ? Math.trunc(value) !== 0 : parseDuration(value) !== 0n),
  { error: 'a duration longer than nothing, such as 36h' },
)

/** https://pkg.go.dev/time#RFC3339 */
export const time = z.iso.datetime({ offset: true, error: 'a time such as 2022-11-30T12:00:00Z' })

export const domainName = word.regex(DOMAIN, {
  error: 'a domain name with a dot, such as gitpod.example.com',
})

export const absolutePath = word.regex(/^\//, { error: 'a path that starts with /' })

export const url = z.string().refine(isUrl, { error: 'a URL with its scheme, such as https://open-vsx.org' })

export const volume = z.strictObject({
  size: quantity.default('30Gi'),
  storageClass: z.string().optional(),
  snapshotClass: z.string().optional(),
})

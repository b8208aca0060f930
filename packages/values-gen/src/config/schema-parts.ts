import { z } from 'zod'

/** A text that must not be empty. `abort` skips the other checks of an empty text, so that it is reported once. */
export const word = z.string().min(1, { abort: true })

export const objectRef = z.strictObject({
  kind: z.literal('secret'),
  name: word.describe('Name of the Secret.'),
})

/** The installer checks no element of this list. */
export const pullSecret = z.strictObject({ kind: z.string().optional(), name: z.string().optional() })

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
export const quantity = z.union(
  [z.number(), z.string().regex(/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/)],
  { error: 'a quantity such as 500m or 2Gi' },
)

export const resources = z.strictObject({
  requests: z.record(z.string(), quantity).optional(),
  limits: z.record(z.string(), quantity).optional(),
})

/** https://pkg.go.dev/time#ParseDuration; a number without a unit counts nanoseconds. */
export const duration = z.union(
  [z.number(), z.string().regex(/^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/)],
  { error: 'a duration such as 36h or 90m' },
)

/** The pattern of the installer's `fqdn`. https://github.com/go-playground/validator/blob/v10.11.0/regexes.go */
export const domainName = word.regex(
  /^[a-zA-Z0-9][a-zA-Z0-9-]{0,62}(?:\.[a-zA-Z0-9][a-zA-Z0-9-]{0,62})*?\.[a-zA-Z][a-zA-Z0-9]{0,62}\.?$/,
  { error: 'a domain name with a dot, such as gitpod.example.com' },
)

export const absolutePath = word.regex(/^\//, { error: 'a path that starts with /' })

export const url = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9+.-]*:\S+$/, { error: 'a URL with its scheme, such as https://open-vsx.org' })

/** A map with any content, which no rule checks. */
export const anything = z.record(z.string(), z.unknown())

export const volume = z.strictObject({
  size: quantity.default('30Gi'),
  storageClass: z.string().optional(),
  snapshotClass: z.string().optional(),
})

import { GpregError, type ErrorSubject } from '../errors.ts'
import { utf8Text } from '../text.ts'
import { reasonIn } from './http/server-words.ts'
import type { RepositoryApi } from './repository-api.ts'

/** Bytes of a page that are looked at for its title. */
const START = 16 * 1024

const OPENING_BRACKET = 0x3c
const SPACE = 0x20

/** The error code and the end of the message, by what a page came in place of. */
const ENDS = {
  manifest: ['manifest-invalid', 'not with a manifest'],
  blob: ['protocol', 'not with a blob'],
  receipt: ['protocol', 'so nothing was stored'],
} as const

/**
 * The error for a login page, or the page of a proxy, that came in place of content: otherwise it would be called content that was
 * changed on its way. Undefined for anything that does not begin as a page.
 * @param start the first bytes of the content, as many as are there
 */
export function webPageError(
  start: Uint8Array,
  wanted: keyof typeof ENDS,
  { client: { host, secrets } }: RepositoryApi,
  subject: ErrorSubject,
): GpregError | undefined {
  // Nearly all content begins otherwise. A plan reads thousands of manifests, and none of these is decoded twice.
  const [first = SPACE + 1] = start
  if (first !== OPENING_BRACKET && first > SPACE) return undefined
  const text = utf8Text(start.subarray(0, START))
  if (!/^\s*<(?:!doctype|html)\b/i.test(text)) return undefined
  const title = reasonIn({ status: 200, text, scrub: said => secrets.scrub(said), header: () => undefined })
  const [code, end] = ENDS[wanted]
  return new GpregError(code, `${host} answered with a web page${title && ` ("${title}")`}, ${end}`, {
    ...subject,
    hint: `a login page, a proxy or another program answers in place of ${host}: check its address, HTTPS_PROXY and NO_PROXY`,
  })
}

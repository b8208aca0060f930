import { STATUS_CODES } from 'node:http'
import { isRecord } from '../../value.ts'

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes */
export interface RegistryError {
  readonly code: string
  readonly message: string
}

/** A response whose words are read. */
export interface Speaker {
  readonly status: number
  readonly header: (name: string) => string | undefined
  /** the start of the body */
  readonly text: string
  /** Removes the secrets that the registry was sent. */
  readonly scrub: (text: string) => string
}

/** Characters of the longest text of a server that is repeated. */
const LONGEST = 300

/** The errors that a registry tells; without one, the reason in the challenge of a 401. https://www.rfc-editor.org/rfc/rfc6750#section-3 */
export function registryErrors(response: Speaker): RegistryError[] {
  const told = readObject(response.text)?.['errors'] ?? []
  // The specification wants a list. Registries and the proxies before them also answer one error, and texts.
  const errors: unknown[] = Array.isArray(told) ? told : [told]
  if (errors.length > 0) return errors.slice(0, 3).map(error => readError(error, response))
  const challenge = response.status === 401 ? (response.header('www-authenticate') ?? '') : ''
  const [code, message = ''] = ['error', 'error_description'].map(
    name => new RegExp(`\\b${name}="([^"]{1,300})"`).exec(challenge)?.[1],
  )
  return code === undefined ? [] : [{ code: response.scrub(code), message: response.scrub(message) }]
}

export function formatError(error: RegistryError): string {
  return shorten(phrase(error))
}

/**
 * The reason in a body that is no list of errors: the JSON of token servers and of other programming interfaces, the XML of storages,
 * the title of a web page, or a text. Empty if there is none, or if it only says the status once more.
 */
export function reasonIn({ status, text, scrub }: Speaker): string {
  const document = readObject(text)
  const told = shorten(scrub(document === undefined ? wordsOf(text) : fieldsOf(document)))
  const isStatus = told.replace(/^\d{3}:? /, '').toLowerCase() === STATUS_CODES[status]?.toLowerCase()
  return isStatus ? '' : told
}

/** The text of an error is scrubbed before it is cut short, because half a secret would not be recognized. */
function readError(error: unknown, { scrub }: Speaker): RegistryError {
  const { code, message, detail } = isRecord(error) ? error : { message: error }
  // CNCF distribution tells what its storage answered in the detail of an unknown error.
  const isAll = code === 'UNKNOWN' || scalar(message) === ''
  const more = isAll && isRecord(detail) ? JSON.stringify(detail) : detail
  const told = [message, more].map(scalar).filter(Boolean).join(': ')
  return { code: scrub(scalar(code)), message: scrub(told) }
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-5.2 and the names that others use; Google and Azure put them below `error`. */
function fieldsOf(document: Readonly<Record<string, unknown>>): string {
  if (isRecord(document['error'])) return fieldsOf(document['error'])
  const [code, message] = [
    ['error', 'code'],
    ['error_description', 'message', 'Message', 'error_message', 'details', 'detail', 'title'],
  ].map(names => names.map(name => scalar(document[name])).find(value => value !== '') ?? '')
  return phrase({ code: code ?? '', message: message ?? '' })
}

/** Storages answer with an `Error` in XML, which has a code and a message. What is no text, such as a compressed page, tells nothing. */
function wordsOf(text: string): string {
  if (!/^\s*</.test(text)) return text.includes('\uFFFD') ? '' : text
  const element = (name: string) => {
    const content = new RegExp(`<${name}(?: [^>]{0,200})?>([^<]{1,1000})</`, 'i').exec(text)?.[1] ?? ''
    return content.replace(/&(?:#(\d{1,5})|(\w{2,4}));/g, (entity, code?: string, name?: string) =>
      name === undefined ? String.fromCharCode(Number(code)) : (ENTITIES[name] ?? entity),
    )
  }
  return phrase({ code: element('Code'), message: element('Message') }) || element('title') || element('h1')
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const document: unknown = JSON.parse(text)
    return isRecord(document) ? document : undefined
  } catch {
    return undefined
  }
}

function scalar(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function phrase({ code, message }: RegistryError): string {
  if (code === '' || message === '') return code + message
  return `${code} (${message})`
}

/** One line, without characters that a terminal would obey. */
function shorten(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, LONGEST)
}

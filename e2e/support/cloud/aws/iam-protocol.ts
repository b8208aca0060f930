import type { Protocol } from './api-server.ts'

export interface IamKey {
  readonly id: string
  readonly secret: string
  readonly made: string
  isActive: boolean
}

export interface IamUser {
  readonly name: string
  readonly path: string
  readonly tags: Map<string, string>
  readonly policies: Map<string, string>
  readonly keys: IamKey[]
}

const XMLNS = 'https://iam.amazonaws.com/doc/2010-05-08/'

/** A request is a form, an answer is XML: https://docs.aws.amazon.com/IAM/latest/UserGuide/programming.html */
export const IAM_PROTOCOL: Protocol<URLSearchParams, string> = {
  service: 'iam',
  contentType: 'text/xml',
  errors: {
    refused: [403, 'AccessDenied'],
    throttled: [400, 'Throttling'],
    stranger: [403, 'InvalidClientTokenId'],
    failed: [500, 'ServiceFailure'],
  },
  read(_request, body) {
    const input = new URLSearchParams(body)
    return { action: input.get('Action') ?? '', input }
  },
  write: (action, result) =>
    `<${action}Response xmlns="${XMLNS}"><${action}Result>${result}</${action}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></${action}Response>`,
  writeError: ({ code, message }) =>
    `<ErrorResponse xmlns="${XMLNS}">${element('Error', { Type: 'Sender', Code: code, Message: message })}<RequestId>r</RequestId></ErrorResponse>`,
}

/** An XML element that contains one text element for each field. */
export function element(name: string, fields: Readonly<Record<string, string>>): string {
  const inner = Object.entries(fields).map(([key, value]) => `<${key}>${escape(value)}</${key}>`)
  return `<${name}>${inner.join('')}</${name}>`
}

/** A complete list: one answer contains all members. */
export function list(name: string, members: readonly string[]): string {
  return `<IsTruncated>false</IsTruncated><${name}>${members.join('')}</${name}>`
}

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_User.html */
export function describeUser(user: IamUser): string {
  const fields = element('User', {
    Path: user.path,
    UserName: user.name,
    UserId: 'AIDA',
    Arn: `arn:aws:iam::123456789012:user${user.path}${user.name}`,
    CreateDate: '2026-01-01T00:00:00Z',
  })
  return fields.replace('</User>', `<Tags>${describeTags(user).join('')}</Tags></User>`)
}

export function describeTags({ tags }: IamUser): string[] {
  return [...tags].map(([Key, Value]) => element('member', { Key, Value }))
}

export function tagsIn(form: URLSearchParams): Map<string, string> {
  const tags = new Map<string, string>()
  for (let at = 1; form.has(`Tags.member.${at}.Key`); at++)
    tags.set(form.get(`Tags.member.${at}.Key`)!, form.get(`Tags.member.${at}.Value`) ?? '')
  return tags
}

function escape(value: string): string {
  return value.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}

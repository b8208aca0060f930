import type { Reference } from '@gpreg/oci'
import { tryParseReference } from '@gpreg/oci/engine'
import { invalidInput } from '../../../input.ts'
import { isImageId, readImageName } from '../walk/image-name.ts'
import { roleOf, wordsOf as keyWords } from '../walk/image-key.ts'
import { referencesInText } from '../walk/prose.ts'
import { isRemark, isWhole, splitPair, withoutName, type ListItem } from './list-item.ts'
import { isOtherCommand, withoutCommand } from './pull-command.ts'
import { withoutTransport } from './transport.ts'

/**
 * Reads text with images in lines: one, several, a source and its target, with the bullets, quotes, counts and labels that
 * people and tools write around them.
 */
export function* readTextList(text: string): Generator<ListItem> {
  for (const [index, content] of linesOf(text).entries()) yield* readLine(content, index + 1)
}

/** Lines without comments. */
export function linesOf(text: string): string[] {
  return text.split(/\r\n|\r|\n/).map(line => line.replace(/(?:^|\s)(?:#|\/\/\s).*$|^\s*\/\/.*$/, ''))
}

/** What makes a text more than lines of names: each alone is enough. */
const DOCUMENT_MARKS = [
  // a collection in brackets, also below comments; `{{` is a template
  /^(?:\s*(?:#|\/\/).*[\r\n])*\s*(?:\[|\{(?!\{))/,
  /^---(?:\s|$)/m,
  // a key with lines below it, or with a collection
  /^["']?[\w./:[\]-]+["']?:[ \t]*(?:#.*)?\r?\n(?:[ \t]*(?:#.*)?\r?\n)*(?:[ \t]+[^\s#]|-\s)/m,
  /^["']?[\w./:[\]-]+["']?:[ \t]+[&|>[{]/m,
  // a list of maps or lists
  /^- *(?:["']?[A-Za-z]\w*["']?:(?:\s|$)|\[|\{(?!\{))/m,
  /^["']?(?:apiVersion|kind)["']?:\s/m,
]

/** True for YAML and JSON that is more than lines of names. */
export function isDocument(text: string): boolean {
  return DOCUMENT_MARKS.some(mark => mark.test(text))
}

/** @throws `input-invalid` for content that is recognised as something else than a list */
export function assertReadableText(text: string, path: string): void {
  const refused = NO_LISTS.find(([pattern]) => pattern.test(text))
  if (refused !== undefined)
    throw invalidInput(path, undefined, `this is ${refused[1]}, not a list of images`, refused[2])
}

const NO_LISTS: readonly (readonly [RegExp, string, string])[] = [
  [/^\u001f[\u008b\ufffd]/, 'a compressed file', '--chart reads the .tgz of a Helm chart'],
  [/\0/, 'a binary file', 'give text'],
  [/^SPDXVersion:|^\s*(?:<\?xml[^>]*>\s*)?<bom\s/m, 'a bill of materials', 'name the images themselves'],
  [
    /^(?:(?:resource|data|module|variable|provider|terraform|locals|output|job)\s[^=:\r\n]*|(?:group|target)\s+"[^"]*"\s*)\{/m,
    'a file of Terraform, Nomad or docker bake',
    'name its images with --image, or one a line in a list',
  ],
  [/^\s*<(?:!doctype|html|\?xml)/i, 'a web page', 'download the file itself, not the page that shows it'],
  [
    /^\[+[\w".-]+\]+[ \t]*\r?\n(?:[ \t]*(?:#.*)?\r?\n)*[ \t]*[\w-]+[ \t]*=/m,
    'a file in TOML or of systemd',
    'name its images with --image, or one a line in a list',
  ],
  [/^\s*["']?pkg:(?:docker|oci)\//m, 'a list of package URLs', 'name the images themselves'],
  [/^-----BEGIN /m, 'a certificate or key', '--ca-file reads certificates'],
  [
    /^(?:FROM\s+\S+(?:\s+AS\s+\S+)?\s*$|RUN\s)/im,
    'a Dockerfile',
    '--workspace-repo DIR reads the Dockerfile of a repository',
  ],
]

interface Word {
  readonly text: string
  /** from 1 */
  readonly column: number
}

function* readLine(content: string, line: number): Generator<ListItem> {
  if (content.includes('{{')) {
    yield { remark: `${content.trim()} has a placeholder; name the image with --image`, line }
    return
  }
  if (isOtherCommand(content)) {
    yield { remark: 'a command is not read', line }
    return
  }
  const assigned = unreadAssignment(content)
  if (assigned !== undefined) {
    yield { remark: assigned, line }
    return
  }
  const [, variable] = SHORT_VALUE.exec(content) ?? []
  if (variable !== undefined && roleOf(variable) === 'other') {
    yield { remark: `${variable} is not read, because nothing says that it is an image`, line }
    return
  }
  const words = withoutPrefix(wordsOf(withoutCommand(content)))
  const names = words.filter(({ text }) => !isImageId(text))
  for (const { text } of words) if (isImageId(text)) yield { remark: withoutName(text), line }
  const [first, second] = names
  const pair = names.length === 2 && first && second ? readPair(first.text, second.text, line) : undefined
  if (pair !== undefined) yield pair
  if (pair === undefined || isRemark(pair))
    for (const name of names) yield* readWord(name, line, words.length > 1)
}

/** A key or variable with one value: `tag: "1.0"`, `replicas = 2`. */
const ASSIGNMENT =
  /^\s*(?:[-*]\s+)?["']?([A-Za-z_][\w.-]*)["']?(?:\s*=\s*|:[ \t]+)["']?([^\s"'=]+)["']?,?\s*$/
const PARTS: ReadonlySet<string> = new Set(
  'registry hub repository repo tag version digest sha sha256'.split(' '),
)

/** Why a key with a value names no image, if it surely names none. */
function unreadAssignment(content: string): string | undefined {
  const [, key = '', value = ''] = ASSIGNMENT.exec(content) ?? []
  if (key === '') return undefined
  if (PARTS.has(keyWords(key).at(-1) ?? '') && (!isWhole(value) || !value.includes('/')))
    return `${key} is not read, because it is only a part of a name`
  return readImageName(value).kind === 'other'
    ? `${key} is not read, because ${value} is no image`
    : undefined
}

/** What stands in the second of two columns NAME and TAG. No image has such a name. */
const VERSION = /^(?:v?\d[\w.-]*|latest)$/

/** Two words on a line as one image, or a remark if they may be one; undefined if they are two images. */
function readPair(first: string, second: string, line: number): ListItem | undefined {
  if (VERSION.test(second) && !/[:@=][^/]*$/.test(first)) return { name: `${first}:${second}`, line }
  const relation = relate(first, second)
  if (relation === 'target') return { name: first, target: second, line }
  if (relation === 'none') return undefined
  const remark = `${first} and ${second} count as two images; write SOURCE=TARGET if the second is the name in the mirror`
  return { remark, line }
}

function* readWord({ text, column }: Word, line: number, isOneOfSeveral: boolean): Generator<ListItem> {
  // In a line of its own, a short name is surely an image. Beside others it may be e.g. the name of a pod.
  if (isOneOfSeveral && /^[\w-]+$/.test(text))
    yield { remark: `${text} counts as an image without a tag`, line }
  yield { ...splitPair(text), line, ...(isOneOfSeveral ? { column } : {}) }
}

/** Splits at white space and commas, takes quotes off, and joins `SOURCE = TARGET` to one word. */
function wordsOf(content: string): Word[] {
  const words: Word[] = []
  const sides = content.split(/=>|->|→|=/)
  const joined = sides
    .map((side, index) => (index > 0 ? side.trimStart() : side))
    .map((side, index) => (index < sides.length - 1 ? side.trimEnd() : side))
    .join('=')
  for (const { 0: word, index } of joined.matchAll(/[^\s,;]+/g)) {
    const text = word.replace(/["'`]|\\$/g, '')
    if (text !== '') words.push({ text, column: index + 1 })
  }
  return words
}

/** Takes off what stands before names: a bullet, a number or count, a label such as `image:` or `deploy.yaml:12:`, `IMAGE=`. */
function withoutPrefix(words: readonly Word[]): readonly Word[] {
  const start = words.findIndex(
    ({ text }, index) => index === words.length - 1 || !isPrefix(text, words[index + 1]!.text),
  )
  const [first, ...rest] = start < 0 ? [] : words.slice(start)
  if (first === undefined) return []
  const label = VARIABLE.exec(first.text)?.[0] ?? ''
  const text = first.text.slice(label.length)
  return [{ ...first, text: rest.length > 0 ? withoutColon(text) : text }, ...rest]
}

/** The end of a key of YAML. */
function withoutColon(word: string): string {
  return word.replace(/:$/, '')
}

/** A variable whose value may be anything: `TAG=1.0`. */
const SHORT_VALUE = /^\s*(?:export\s+)?([A-Z_][A-Z0-9_]*)=["']?[^\s"'/:=]+["']?\s*$/
const PREFIX = /^(?:[-*•+]|\d+[.)]?|export|.*:)$/
const VARIABLE = /^(?:[A-Z_][A-Z0-9_]*|image|name|ref)=(?=.)/

/** True if a word stands before names. The key of a map in YAML is a name itself: `quay.io/a:1: r.corp/a:1`. */
function isPrefix(word: string, next: string): boolean {
  if (!PREFIX.test(word)) return false
  return referencesInText(word).length === 0 && relate(withoutColon(word), next) !== 'target'
}

/**
 * How the second of two names relates to the first. It is the target if it has the same name and tag on another host. Other
 * pairs are two images, e.g. the containers of a pod.
 */
function relate(first: string, second: string): 'target' | 'unclear' | 'none' {
  const [source, target] = [first, second].map(text => tryParseReference(withoutTransport(text).text))
  if (source === undefined || target === undefined || first === second) return 'none'
  if (!target.repository.endsWith(lastSegment(source))) return 'none'
  return source.host !== target.host && sameVersion(source, target) ? 'target' : 'unclear'
}

function sameVersion(source: Reference, target: Reference): boolean {
  if (source.digest !== undefined && target.digest !== undefined) return source.digest === target.digest
  return source.tag === undefined || target.tag === undefined || source.tag === target.tag
}

function lastSegment({ repository }: Reference): string {
  return repository.slice(repository.lastIndexOf('/') + 1)
}

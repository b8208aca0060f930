/** A path that a Markdown document names. */
export interface NamedPath {
  readonly line: number
  readonly path: string
  /** A link is relative to its document; a path in backticks is relative to the repository, a package, or a folder of source. */
  readonly kind: 'link' | 'code'
}

const LINK = /\]\(([^)\s]+)\)/g
const CODE = /`([^`\s]+)`/g
const SCHEME_OR_ANCHOR = /^([a-z]+:|#)/
/** A pattern, a placeholder, or what a build writes. */
const NO_PATH = /[*{}<>…$()'"]|(^|\/)(dist|node_modules)(\/|$)/
const FOLDERS = /^(packages|e2e|tools|docs)\//
const SOURCE = /\/src\/|[\w-]\.ts$/

/** The paths in links and backticks. Blocks of code are left out: they show what a reader types or gets. */
export function namedPaths(markdown: string): NamedPath[] {
  return withoutBlocks(markdown).flatMap((text, at) => {
    const links = [...text.matchAll(LINK)].map(([, target = '']) => target.replace(/#.*/, ''))
    const codes = [...text.matchAll(CODE)].map(([, code = '']) => code.replace(/:\d+(-\d+)?$/, ''))
    return [
      ...links.filter(isLink).map(path => ({ line: at + 1, path, kind: 'link' as const })),
      ...codes.filter(isPath).map(path => ({ line: at + 1, path, kind: 'code' as const })),
    ]
  })
}

const isLink = (target: string) => target !== '' && !SCHEME_OR_ANCHOR.test(target)
const isPath = (code: string) =>
  !NO_PATH.test(code) && !code.includes('://') && (FOLDERS.test(code) || SOURCE.test(code))

/** The lines of a document; those of code blocks are empty. */
function withoutBlocks(markdown: string): string[] {
  let inside = false
  return markdown.split('\n').map(line => {
    const fence = /^\s*(```|~~~)/.test(line)
    if (fence) inside = !inside
    return fence || inside ? '' : line
  })
}

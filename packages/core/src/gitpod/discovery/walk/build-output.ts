/** Flags of kaniko, BuildKit and buildpacks for what they push: images, and caches of their layers. */
const FLAG = /^--(?:destination|cache-repo|cache-to|export-cache|output)$/

/** What an argument says that a build pushes: in `--destination=NAME`, or after `--destination`. */
export function outputAt(items: readonly unknown[], index: number): string | undefined {
  const [item, before] = [items[index], items[index - 1]]
  if (typeof item !== 'string') return undefined
  if (typeof before === 'string' && FLAG.test(before)) return item
  const [flag = '', ...value] = item.split('=')
  return FLAG.test(flag) && value.length > 0 ? value.join('=') : undefined
}

/** The rest of a command, also over lines that end with a backslash. */
const REST = String.raw`(?:\\\r?\n|[^\n;&|])*`
const TOOL = String.raw`\b(?:docker|podman|buildah|nerdctl|img)\s+(?:buildx\s+|image\s+)?`
const PUSH = new RegExp(String.raw`${TOOL}push\s${REST}`, 'g')
const BUILD = new RegExp(String.raw`${TOOL}(?:build|bud|build-using-dockerfile)\s${REST}`, 'g')
const TAG = /\s(?:-t|--tag)[ \t=]+\S+/g
const FLAG_IN_TEXT = /--(?:destination|cache-repo|cache-to|export-cache)(?:=|[ \t]+)\S+/g

/** A script without what its commands build and push. What it also runs or pulls is named there once more. */
export function withoutOutputs(script: string): string {
  return script
    .replace(PUSH, '')
    .replace(BUILD, command => command.replace(TAG, ''))
    .replace(FLAG_IN_TEXT, '')
}

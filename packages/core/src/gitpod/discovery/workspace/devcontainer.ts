import { isMap, type ParsedNode } from 'yaml'
import { place } from '../../../input.ts'
import { dockerfileImages } from '../dockerfile/dockerfile.ts'
import { expandVariables, MAX_LENGTH } from '../dockerfile/variables.ts'
import type { Mentions } from '../mention.ts'
import { readComposeFiles } from './compose.ts'
import type { Findings } from './findings.ts'
import { blankComments } from './json-comments.ts'
import { besideFile, type RepositoryFile, type RepositoryFiles } from './repository-files.ts'
import { mentionOf } from './yaml-mention.ts'
import { YamlView, type YamlText } from './yaml-view.ts'

const DIRECTORY = '.devcontainer'
const NAME = 'devcontainer.json'

/** The paths at which tools look for a devcontainer.json. https://containers.dev/implementors/spec/#devcontainerjson */
export async function devcontainerPaths(files: RepositoryFiles): Promise<string[]> {
  const folders = await files.directories(DIRECTORY)
  const inside = folders.map(folder => `${DIRECTORY}/${folder}/${NAME}`)
  return [`${DIRECTORY}/${NAME}`, `.${NAME}`, ...inside]
}

/**
 * Finds the images of a repository's devcontainer.json files: `image`, the Dockerfile of `build`, features, and the Compose files
 * that they name.
 * @returns whether one names the image that a workspace starts from
 */
export async function readDevcontainers(files: RepositoryFiles, findings: Findings): Promise<boolean> {
  let isNamed = false
  for (const path of await devcontainerPaths(files))
    await findings.attempt(path, async () => {
      const file = await files.readIfThere(path)
      if (file !== undefined)
        isNamed = (await new Devcontainer(path, file, files, findings).read()) || isNamed
    })
  return isNamed
}

class Devcontainer {
  readonly #path: string
  readonly #file: RepositoryFile
  readonly #files: RepositoryFiles
  readonly #findings: Findings
  readonly #json: YamlView

  constructor(path: string, file: RepositoryFile, files: RepositoryFiles, findings: Findings) {
    this.#path = path
    this.#file = file
    this.#files = files
    this.#findings = findings
    this.#json = new YamlView(blankComments(file.text), file.path)
  }

  async read(): Promise<boolean> {
    const json = this.#json
    if (!isMap(json.root)) throw json.invalid(json.root, 'not a devcontainer.json', 'it is a JSON object')
    const image = json.get(json.root, 'image')
    const build = json.get(json.root, 'build')
    const dockerfile = json.get(build, 'dockerfile') ?? json.get(json.root, 'dockerFile')
    const compose = json.get(json.root, 'dockerComposeFile')
    this.#readImage(image)
    this.#readFeatures(json.get(json.root, 'features'))
    if (dockerfile !== undefined) await this.#readDockerfile(dockerfile, json.get(build, 'args'))
    if (compose !== undefined) await this.#readCompose(compose)
    return [image, dockerfile, compose].some(node => node !== undefined)
  }

  #readImage(node: ParsedNode | undefined): void {
    if (node === undefined) return
    const text = this.#json.text(node)
    if (text === undefined)
      return this.#tell(node, `image is ${this.#json.typeOf(node)}, where a text is expected`)
    this.#add(withLocalVariables(text))
  }

  /** A feature is an OCI artifact. https://containers.dev/implementors/features/#referencing-a-feature */
  #readFeatures(node: ParsedNode | undefined): void {
    if (node === undefined) return
    if (!isMap(node))
      return this.#tell(node, `features is ${this.#json.typeOf(node)}, where a map is expected`)
    for (const { key } of node.items) {
      const text = this.#json.text(key as ParsedNode)
      if (text === undefined || text.text.startsWith('./') || text.text.startsWith('../')) continue
      if (hasRegistry(text.text)) this.#add({ mentions: [mentionOf('feature', text)], problems: [] })
      else this.#tell(key as ParsedNode, `the feature ${text.text} names no registry and is left out`)
    }
  }

  async #readDockerfile(node: ParsedNode, args: ParsedNode | undefined): Promise<void> {
    const path = this.#json.text(node)
    if (path === undefined) return this.#tell(node, `the Dockerfile is ${this.#json.typeOf(node)}`)
    const dockerfile = await this.#files.read(
      besideFile(this.#path, path.text),
      place(this.#file.path, path.line),
    )
    const values = this.#json.entries(args).flatMap(([name, value]) => {
      const text = this.#json.scalar(value)
      return text === undefined ? [] : [[name, text] as const]
    })
    this.#findings.add(
      dockerfile,
      dockerfileImages(dockerfile.text, { args: new Map(values) }),
      'devcontainer',
    )
  }

  async #readCompose(node: ParsedNode): Promise<void> {
    const items = this.#json.text(node) === undefined ? this.#json.items(node) : [node]
    if (items.length === 0) return this.#tell(node, 'dockerComposeFile names no file')
    const paths = items.flatMap(item => {
      const path = this.#json.text(item)
      if (path === undefined) this.#tell(item, 'dockerComposeFile names no file')
      return path === undefined ? [] : [besideFile(this.#path, path.text)]
    })
    await readComposeFiles(paths, this.#files, this.#findings)
  }

  #add(found: Mentions): void {
    this.#findings.add(this.#file, found, 'devcontainer')
  }

  #tell(node: ParsedNode, message: string): void {
    this.#add({ mentions: [], problems: [{ line: this.#json.lineOf(node), message }] })
  }
}

function hasRegistry(feature: string): boolean {
  const host = feature.slice(0, Math.max(0, feature.indexOf('/')))
  return /[.:]/.test(host) && !/^https?:/i.test(host)
}

/** An image that may have variables of the machine, `${localEnv:NAME:default}`. Only defaults are known. */
function withLocalVariables(text: YamlText): Mentions {
  if (!text.text.includes('${') || text.text.length > MAX_LENGTH)
    return { mentions: [mentionOf('image', text)], problems: [] }
  const shell = text.text.replace(/\$\{localEnv:(\w+)(?::([^}]*))?\}/g, (_, name: string, value?: string) =>
    value === undefined ? `\${${name}}` : value,
  )
  const { text: image, problem } = expandVariables(shell, new Map(), {})
  if (problem !== undefined)
    return { mentions: [], problems: [{ line: text.line, message: `image ${text.text} ${problem}` }] }
  const { at, line } = mentionOf('image', text)
  return { mentions: [{ at, line, text: text.text, image, byHand: 'made of variables' }], problems: [] }
}

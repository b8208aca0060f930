import { dirname, join } from 'node:path'
import { isMap, type ParsedNode } from 'yaml'
import { place } from '../../../input.ts'
import { dockerfileImages } from '../dockerfile/dockerfile.ts'
import { expandVariables, type Variables } from '../dockerfile/variables.ts'
import type { Mention, Mentions } from '../mention.ts'
import { readDotEnv } from './dot-env.ts'
import type { Findings } from './findings.ts'
import { besideFile, type RepositoryFile, type RepositoryFiles } from './repository-files.ts'
import { mentionOf } from './yaml-mention.ts'
import { YamlView } from './yaml-view.ts'

/** The files that Compose takes from a directory: the first one that is there, and its override. */
const NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml']
const OVERRIDES = NAMES.map(name => name.replace('compose.', 'compose.override.'))

/** More files than a person divides a project into. */
const MAX_FILES = 50

const IMAGE_CONTEXT = 'docker-image://'

/** The Compose files that stand in the root of a repository. */
export async function composePaths(files: RepositoryFiles, findings: Findings): Promise<string[]> {
  const found = await present(NAMES, files)
  for (const name of found.slice(1))
    findings.warn(`${join(files.directory, name)} is passed over, because Compose reads ${found[0]}`, name)
  return [...found.slice(0, 1), ...(await present(OVERRIDES, files)).slice(0, 1)]
}

async function present(names: readonly string[], files: RepositoryFiles): Promise<string[]> {
  const there = await Promise.all(names.map(name => files.has(name)))
  return names.filter((_, index) => there[index])
}

/** Finds the images of the services in Compose files: `image`, or the Dockerfile of `build`; and in files that they include. */
export async function readComposeFiles(
  paths: readonly string[],
  files: RepositoryFiles,
  findings: Findings,
): Promise<void> {
  const queue = [...paths]
  const seen = new Set<string>()
  const [first = ''] = paths
  const variables = await readDotEnv(join(dirname(first), '.env'), files, findings)
  for (const path of queue) {
    if (seen.has(path)) continue
    seen.add(path)
    if (seen.size > MAX_FILES)
      return findings.warn(
        `${join(files.directory, path)} is passed over, because ${MAX_FILES} files are read`,
        path,
      )
    await findings.attempt(path, async () => {
      const file = await files.read(path, join(files.directory, first))
      queue.push(...(await new ComposeFile(path, file, files, findings, variables).read()))
    })
  }
}

class ComposeFile {
  readonly #path: string
  readonly #file: RepositoryFile
  readonly #files: RepositoryFiles
  readonly #findings: Findings
  readonly #variables: Variables
  readonly #yaml: YamlView

  constructor(
    path: string,
    file: RepositoryFile,
    files: RepositoryFiles,
    findings: Findings,
    variables: Variables,
  ) {
    this.#path = path
    this.#file = file
    this.#files = files
    this.#findings = findings
    this.#variables = variables
    this.#yaml = new YamlView(file.text, file.path)
  }

  /** @returns the paths of the Compose files that this one includes or extends */
  async read(): Promise<string[]> {
    const yaml = this.#yaml
    if (!isMap(yaml.root))
      throw yaml.invalid(yaml.root, 'not a Compose file', 'it is a map with the key services')
    const services = yaml.get(yaml.root, 'services')
    if (services !== undefined && !isMap(services))
      throw yaml.invalid(services, `services is ${yaml.typeOf(services)}`, 'it is a map of services')
    const others = this.#includes(yaml.get(yaml.root, 'include'))
    for (const [name, service] of yaml.entries(services)) {
      if (!isMap(service)) {
        this.#tell(service, `the service ${name} is ${yaml.typeOf(service)}, where a map is expected`)
        continue
      }
      await this.#readService(service)
      others.push(...this.#pathsIn(yaml.get(yaml.get(service, 'extends'), 'file')))
    }
    return others.map(other => besideFile(this.#path, other))
  }

  /** `image` only names what is built if there is a `build`. */
  async #readService(service: ParsedNode): Promise<void> {
    const yaml = this.#yaml
    const build = yaml.get(service, 'build')
    if (build !== undefined && !yaml.isNothing(build)) {
      await this.#findings.attempt(this.#path, () => this.#readBuild(build))
      return
    }
    const image = yaml.get(service, 'image')
    if (image === undefined || yaml.isNothing(image)) return
    this.#readImage('image', image)
  }

  #readImage(at: string, node: ParsedNode, prefix = ''): void {
    const text = this.#yaml.text(node)
    if (text === undefined)
      return this.#tell(node, `${at} is ${this.#yaml.typeOf(node)}, where a text is expected`)
    const mention = mentionOf(at, text)
    const { text: whole, problem } = expandVariables(text.text, this.#variables, {})
    if (problem !== undefined)
      return this.#tell(node, `${at} ${text.text} ${problem}; name the image with --image`)
    const image = whole.slice(prefix.length)
    if (image === mention.image) return this.#add([mention])
    const byHand = prefix === '' ? 'made of variables' : 'part of an address'
    this.#add([{ at, text: text.text, line: text.line, image, byHand }])
  }

  /** A build is the path of its context, or a map. */
  async #readBuild(build: ParsedNode): Promise<void> {
    const yaml = this.#yaml
    const isShort = yaml.text(build) !== undefined
    if (!isShort && !isMap(build)) return this.#tell(build, `build is ${yaml.typeOf(build)}`)
    const contexts = yaml.entries(yaml.get(build, 'additional_contexts'))
    for (const [, node] of contexts)
      if (yaml.text(node)?.text.startsWith(IMAGE_CONTEXT))
        this.#readImage('additional_contexts', node, IMAGE_CONTEXT)
    const options = {
      args: this.#buildArguments(yaml.get(build, 'args')),
      contexts: contexts.map(([name]) => name),
    }
    const inline = yaml.get(build, 'dockerfile_inline')
    if (inline !== undefined) return this.#readInline(inline, options)
    const context = this.#expanded(isShort ? build : yaml.get(build, 'context'), '.')
    const dockerfile = this.#expanded(yaml.get(build, 'dockerfile'), 'Dockerfile')
    if (context === undefined || dockerfile === undefined || /^[\w.+-]+(?:@|:\/\/)/.test(context))
      return this.#tell(
        build,
        'the build is not of a directory of this repository, so its Dockerfile is not read',
      )
    const path = besideFile(this.#path, join(context, dockerfile))
    const file = await this.#files.read(path, place(this.#file.path, yaml.lineOf(build)))
    this.#findings.add(file, dockerfileImages(file.text, options), 'compose')
  }

  #readInline(node: ParsedNode, options: Parameters<typeof dockerfileImages>[1]): void {
    const line = this.#yaml.lineOf(node)
    const { mentions, problems } = dockerfileImages(this.#yaml.text(node)?.text ?? '', options)
    const byHand = 'in a Dockerfile inside of this file'
    this.#add(
      mentions.map(({ at, text, image }): Mention => ({ at, text, image, line, byHand })),
      problems.map(({ message }) => ({ line, message })),
    )
  }

  #buildArguments(node: ParsedNode | undefined): Map<string, string> {
    const yaml = this.#yaml
    const listed = yaml.items(node).flatMap(item => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(yaml.scalar(item) ?? '') ?? []
      return name === undefined || value === undefined ? [] : [[name, value] as const]
    })
    const mapped = yaml.entries(node).map(([name, value]) => [name, yaml.scalar(value)] as const)
    const known = [...listed, ...mapped].flatMap(([name, value]) => {
      const { text, problem } = expandVariables(value ?? '', this.#variables, {})
      return value === undefined || problem !== undefined ? [] : [[name, text] as const]
    })
    return new Map(known)
  }

  /** A text with its variables; undefined if one has no value, or the node is no text. */
  #expanded(node: ParsedNode | undefined, absent: string): string | undefined {
    if (node === undefined) return absent
    const text = this.#yaml.text(node)
    if (text === undefined) return undefined
    const expanded = expandVariables(text.text, this.#variables, {})
    return expanded.problem === undefined ? expanded.text : undefined
  }

  /** `include` is a list of paths, or of maps whose `path` is one path or several. */
  #includes(node: ParsedNode | undefined): string[] {
    return this.#yaml
      .items(node)
      .flatMap(item => this.#pathsIn(isMap(item) ? this.#yaml.get(item, 'path') : item))
  }

  #pathsIn(node: ParsedNode | undefined): string[] {
    if (node === undefined) return []
    const items = this.#yaml.text(node) === undefined ? this.#yaml.items(node) : [node]
    return items.flatMap(item => this.#expanded(item, '') ?? [])
  }

  #add(mentions: readonly Mention[], problems: Mentions['problems'] = []): void {
    this.#findings.add(this.#file, { mentions, problems }, 'compose')
  }

  #tell(node: ParsedNode, message: string): void {
    this.#add([], [{ line: this.#yaml.lineOf(node), message }])
  }
}

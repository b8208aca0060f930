import { DockerfileParser, type Variable } from 'dockerfile-ast'

/** One `FROM` of a Dockerfile that names an image of a registry. */
export interface BaseImage {
  /** With build arguments resolved; undefined if one has no default. */
  readonly image: string | undefined
  /** as written */
  readonly text: string
  /** from 1 */
  readonly line: number
}

/** Build arguments before the first `FROM`: the only ones that `FROM` sees. */
type Arguments = ReadonlyMap<string, string>

/** The images of the `FROM` lines of a Dockerfile, without earlier stages and `scratch`. Build arguments take their defaults. */
export function parseBaseImages(text: string): BaseImage[] {
  const dockerfile = DockerfileParser.parse(text)
  const values = new Map<string, string>()
  for (const arg of dockerfile.getInitialARGs()) {
    for (const property of arg.getProperties()) {
      if (property.getAssignmentOperator() === null) continue
      const value = expand(property.getValue() ?? '', arg.getVariables(), values)
      if (value !== undefined) values.set(property.getName(), value)
    }
  }
  const stages = new Set(['scratch'])
  return dockerfile.getFROMs().flatMap(from => {
    const text = from.getImage()
    const image = text === null ? undefined : expand(unquote(text), from.getVariables(), values) || undefined
    const isStage = image !== undefined && stages.has(image.toLowerCase())
    const name = from.getBuildStage()
    if (name !== null) stages.add(name.toLowerCase())
    return text === null || isStage ? [] : [{ image, text, line: from.getRange()!.start.line + 1 }]
  })
}

function expand(text: string, variables: readonly Variable[], values: Arguments): string | undefined {
  let expanded = text
  for (const variable of variables) {
    const written = variable.toString()
    if (!expanded.includes(written)) continue
    const value = valueOf(variable, values)
    if (value === undefined) return undefined
    expanded = expanded.replace(written, () => value)
  }
  return expanded
}

/** Resolves a variable by the rules of Docker. https://docs.docker.com/reference/dockerfile/#environment-replacement */
function valueOf(variable: Variable, values: Arguments): string | undefined {
  const value = values.get(variable.getName())
  const modifier = variable.getModifier()
  if (modifier === null) return value
  const parameter = variable.getSubstitutionParameter() ?? ''
  if (parameter.includes('$')) return undefined
  if (modifier === '-') return value || parameter
  if (modifier === '+') return value ? parameter : ''
  return modifier === '?' ? value : undefined
}

function unquote(text: string): string {
  return text.replace(/^(["'])(.*)\1$/, '$2')
}

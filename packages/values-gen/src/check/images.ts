import { placesOf, type VerifiedImage } from '@gpreg/core'
import type { Finding } from './finding.ts'
import { toPath, valueInAnyCase } from './path.ts'
import type { RuleCode } from './rules.ts'
import { RULES } from './rules.ts'
import { YamlSource } from './yaml/source.ts'

const MESSAGES: Readonly<Record<Exclude<VerifiedImage['status'], 'ok'>, readonly [RuleCode, string]>> = {
  missing: ['image-missing', 'is not in the registry'],
  incomplete: ['image-incomplete', 'is not whole in the registry'],
  different: ['image-different', 'is another image than it should be'],
  unreadable: ['image-unreadable', 'could not be looked at'],
}

/** Findings about missing images, at the field of the configuration that makes the cluster pull them. */
export function imageFindings(file: string | Uint8Array, images: readonly VerifiedImage[]): Finding[] {
  const source = new YamlSource(file)
  const place = placesOf('workspace.workspaceImage').find(path => imageAt(source, path) !== undefined) ?? ''
  const base = imageAt(source, place)
  return images.flatMap(({ target, status, problems }): Finding[] => {
    if (status === 'ok') return []
    const [code, what] = MESSAGES[status]
    const path = target === base ? place : 'repository'
    const [problem] = problems
    return [
      {
        level: RULES[code].level,
        code,
        path,
        ...source.position(path),
        message: `${target} ${what}${status === 'missing' || problem === undefined ? '' : ` (${problem.message})`}`,
        hint: 'bring it there with gpreg mirror, or name the registry that has it',
      },
    ]
  })
}

function imageAt(source: YamlSource, path: string): unknown {
  return path === '' ? undefined : valueInAnyCase(source.data, toPath(path))
}

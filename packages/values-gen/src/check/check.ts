import { findRelease, knownReleases } from '@gpreg/core'
import type { core } from 'zod'
import { configSchema, KEY_DELETED } from '../config/schema.ts'
import { ConfigReader } from './config-reader.ts'
import { decode, type Note } from './decode.ts'
import { checkResult, type CheckResult, type Finding } from './finding.ts'
import { withoutKnown } from './known.ts'
import { describeIssue } from './issues.ts'
import { formatPath, toPath } from './path.ts'
import type { CheckedRelease } from './rule.ts'
import { RULES, ruleEntries } from './rules.ts'
import { YamlSource } from './yaml/source.ts'

export interface CheckOptions {
  /** the name of the file in the result */
  readonly path: string
  /** such as `2022.11.3`; default: the newest known release */
  readonly release?: string
}

/**
 * Checks a `gitpod.config.yaml`: finds the fields that the installer of a release refuses, and the fields that it accepts but that
 * break the installation later. No request is sent. A comment `# gpreg:known CODE` on the line of a field, or right above it,
 * silences a warning about the field.
 * @param file text, or the bytes of a file, in which wrong ones are found
 * @throws `release-unknown`
 */
export function checkConfig(
  file: string | Uint8Array,
  { path, release: version }: CheckOptions,
): CheckResult {
  const { release } = findRelease(version ?? knownReleases().at(-1)!)
  const source = new YamlSource(file, { deletesKey: release.name >= KEY_DELETED })
  const findings = source.errors.length > 0 ? syntaxFindings(source) : contentFindings(source, release)
  return checkResult(path, release.name, withoutKnown(source.text, findings))
}

/** The errors of the YAML parser. No rules are checked, because their findings would only follow from the broken syntax. */
function syntaxFindings({ errors }: YamlSource): Finding[] {
  return errors.map(({ code, message, hint, path, position }) => ({
    level: RULES[code].level,
    code,
    path: formatPath(path),
    ...position,
    message: message.replace(/\n.*/s, ''),
    hint: hint ?? 'look at this line and at the one before it',
  }))
}

function contentFindings(source: YamlSource, release: CheckedRelease): Finding[] {
  const notes: Note[] = []
  const data = decode(source.data ?? {}, configSchema, notes)
  const { error } = configSchema.safeParse(data)
  const issues =
    error?.issues.filter(issue => release.name >= EXPERIMENTS || !isUnknownExperiment(issue)) ?? []
  notes.push(...issues.flatMap(issue => describeIssue(issue, data)))
  const config = new ConfigReader(data, source)
  for (const [code, { check }] of ruleEntries()) {
    for (const complaint of check?.(config, release) ?? []) notes.push({ code, ...complaint })
  }
  return [...secondDocument(source, release), ...notes.map(note => findingOf(note, source))]
}

/** The fields below `experimental` are known from this release on; they change with every release. */
const EXPERIMENTS = '2022.11'

function isUnknownExperiment({ code, path }: core.$ZodIssue): boolean {
  return code === 'unrecognized_keys' && path[0] === 'experimental'
}

function findingOf({ code, path, message, hint, onKey }: Note, source: YamlSource): Finding {
  const { level } = RULES[code]
  return { level, code, path: formatPath(toPath(path)), ...source.position(path, onKey), message, hint }
}

function secondDocument({ secondDocument: position }: YamlSource, { name }: CheckedRelease): Finding[] {
  if (position === undefined) return []
  const joins = name >= KEY_DELETED
  return [
    {
      level: RULES['more-documents'].level,
      code: 'more-documents',
      path: '',
      ...position,
      message: `another YAML document starts here, and the installer ${joins ? 'joins it with the one before' : 'reads only the first'}`,
      hint: 'put it into one document',
    },
  ]
}

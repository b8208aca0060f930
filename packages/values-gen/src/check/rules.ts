import { EXPERIMENTAL_RULES } from './rules/experimental.ts'
import { FILE_RULES } from './rules/file.ts'
import { IMAGE_RULES } from './rules/images.ts'
import { KIND_RULES } from './rules/kinds.ts'
import { MIRROR_RULES } from './rules/mirror.ts'
import { MIRROR_ACCESS_RULES } from './rules/mirror-access.ts'
import { STORAGE_RULES } from './rules/storage.ts'
import { USER_RULES } from './rules/users.ts'
import { WORKSPACE_REGISTRY_RULES } from './rules/workspace-registry.ts'
import type { Rule } from './rule.ts'

/** All rules by code. A new rule is one entry in one of these tables. */
export const RULES = {
  ...FILE_RULES,
  ...MIRROR_RULES,
  ...MIRROR_ACCESS_RULES,
  ...WORKSPACE_REGISTRY_RULES,
  ...STORAGE_RULES,
  ...USER_RULES,
  ...EXPERIMENTAL_RULES,
  ...IMAGE_RULES,
  ...KIND_RULES,
}

export type RuleCode = keyof typeof RULES

export function ruleEntries(): [RuleCode, Rule][] {
  return Object.entries(RULES) as [RuleCode, Rule][]
}

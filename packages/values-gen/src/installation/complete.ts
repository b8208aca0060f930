import { GpregError } from '@gpreg/oci'
import type { CommonChoice, KindChoice } from './choice.ts'

/** A choice that is still being put together from flags and files. */
export type PartialChoice = KindChoice extends infer K
  ? K extends KindChoice
    ? Pick<K, 'kind'> & Partial<K> & CommonChoice
    : never
  : never

const REQUIRED: Readonly<Record<KindChoice['kind'], readonly string[]>> = {
  'in-cluster': [],
  aws: ['region', 'bucket'],
  gcp: ['project', 'region'],
  azure: ['registry', 'region'],
  external: [],
}

/** @throws `usage` where something is missing, with the flags that give it */
export function completeChoice(choice: PartialChoice): CommonChoice & KindChoice {
  const given: Readonly<Record<string, unknown>> = { ...choice }
  const missing = REQUIRED[choice.kind].filter(key => given[key] === undefined)
  if (missing.length === 0) return choice as CommonChoice & KindChoice
  const flags = missing.map(key => `--${key}`).join(' and ')
  throw new GpregError('usage', `values ${choice.kind} needs ${flags}`, {
    hint: `give ${flags}, or --from-terraform or --from a file that has them`,
  })
}

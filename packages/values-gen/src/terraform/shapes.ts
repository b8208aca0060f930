import type { PartialChoice } from '../installation/choice.ts'
import type { SecretValues } from '../secrets/values.ts'
import { z } from 'zod'

export const text = z.string().min(1)

/** The modules give a sentence (`No container registry created`), `{}` or null for what they did not create. */
const notCreated = z
  .union([z.string(), z.strictObject({}), z.null(), z.undefined()])
  .transform(() => undefined)

/** An output of this shape, or undefined. */
export function ifCreated<T extends z.ZodType>(shape: T) {
  return z.union([shape, notCreated]).optional()
}

export function isCreated(output: unknown): boolean {
  return !notCreated.safeParse(output).success
}

/** The registries and the storage that Terraform made. */
export interface TerraformOutputs {
  readonly choice: PartialChoice
  readonly values: SecretValues
  /** Keys of service accounts that are in files, beside the module: the caller reads them. */
  readonly files: { readonly registry?: string; readonly storage?: string }
  /** Parts that were not created, and the consequences. */
  readonly notes: readonly string[]
}

export type Outputs = Readonly<Record<string, unknown>>

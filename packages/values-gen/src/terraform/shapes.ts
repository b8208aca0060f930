import type { PartialChoice } from '../installation/choice.ts'
import type { SecretValues } from '../secrets/values.ts'
import { z } from 'zod'

export const text = z.string().min(1)

/** The modules output a sentence (`No container registry created`), `{}` or null for a resource that they did not create. */
const notCreated = z
  .union([z.string(), z.strictObject({}), z.null(), z.undefined()])
  .transform(() => undefined)

/** An output of this shape; undefined if the resource was not created. */
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
  /** Paths of the key files of service accounts, if the keys are not in the outputs. The caller reads the files. */
  readonly files: { readonly registry?: string; readonly storage?: string }
  /** Parts that were not created, and the consequences. */
  readonly notes: readonly string[]
}

export type Outputs = Readonly<Record<string, unknown>>

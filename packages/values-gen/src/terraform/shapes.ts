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

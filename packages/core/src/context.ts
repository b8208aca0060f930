import { createContext as createOciContext, type Context as OciContext } from '@gpreg/oci'
import type { GpregEvent } from './events.ts'

/** The world as core sees it: that of @gpreg/oci, whose events core adds to. */
export type Context = OciContext<GpregEvent>

export const createContext: (overrides?: Partial<Context>) => Context = createOciContext

import { createContext as createOciContext, type Context as OciContext } from '@gpreg/oci'
import type { GpregEvent } from './events.ts'

/** The context of core: that of @gpreg/oci, with the events of core beside those of oci. */
export type Context = OciContext<GpregEvent>

export const createContext: (overrides?: Partial<Context>) => Context = createOciContext

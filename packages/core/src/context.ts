import { createContext as createOciContext, type Context as OciContext } from '@gpreg/oci'
import type { GpregEvent } from './events.ts'

/** The context of core. It is the context of @gpreg/oci, with the events of core added to the events of oci. */
export type Context = OciContext<GpregEvent>

export const createContext: (overrides?: Partial<Context>) => Context = createOciContext

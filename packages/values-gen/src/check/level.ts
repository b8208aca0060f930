/** The severity of a finding. The installer refuses a configuration with an error, and accepts a configuration with a warning. */
export type Level = 'error' | 'warning'

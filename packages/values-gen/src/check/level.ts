/** How bad a finding is: the installer refuses an error, and takes a warning. */
export type Level = 'error' | 'warning'

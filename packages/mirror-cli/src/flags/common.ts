import { Flags } from '@oclif/core'
import { withEnvironment } from './environment.ts'

const helpGroup = 'GLOBAL'

/** The flags of every command. */
export const commonFlags = withEnvironment({
  json: Flags.boolean({ helpGroup, description: 'print one JSON document on stdout' }),
  quiet: Flags.boolean({
    char: 'q',
    helpGroup,
    description: 'no progress and no warnings, only the answer and errors',
    exclusive: ['verbose'],
  }),
  verbose: Flags.boolean({
    char: 'v',
    helpGroup,
    description: 'also tell about retries, and the causes of errors',
  }),
})

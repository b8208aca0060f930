import { Flags } from '@oclif/core'
import { withEnvironment } from './environment.ts'

/** The flag of commands that copy or verify. */
export const eventsFlag = withEnvironment({
  events: Flags.string({
    helpGroup: 'OUTPUT',
    helpValue: 'FILE',
    description:
      'add every event to this file while the command runs, a JSON object a line; no secret is in it',
  }),
})

import { Flags } from '../oclif.ts'
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

/** The flag of commands that copy or verify. */
export const eventsFlag = withEnvironment({
  events: Flags.string({
    helpGroup: 'OUTPUT',
    helpValue: 'FILE',
    description:
      'add every event to this file while the command runs, a JSON object a line; no secret is in it',
  }),
})

/**
 * Whether the answer is to be one JSON document, by the arguments and the environment alone: an error may come before they are parsed.
 */
export function asksForJson(argv: readonly string[], env: NodeJS.ProcessEnv): boolean {
  const end = argv.indexOf('--')
  const flags = end < 0 ? argv : argv.slice(0, end)
  return flags.includes('--json') || /^(1|true|y|yes)$/i.test(env['GPREG_JSON'] ?? '')
}

/**
 * The parts of oclif that commands are made of. Its index also loads the check of Node's version and other parts that a start does
 * not need, which together take longer to load than these.
 */
import { custom } from '@oclif/core/args'
import { Command } from '@oclif/core/command'
import { Config } from '@oclif/core/config'
import * as Errors from '@oclif/core/errors'
import * as Flags from '@oclif/core/flags'
import type * as Interfaces from '@oclif/core/interfaces'

/**
 * Arguments are only what the user types. oclif would fill a missing one from standard input, which may be a password or a document.
 */
export const Args = { string: custom<string>({ ignoreStdin: true }) }

export { Command, Config, Errors, Flags, type Interfaces }

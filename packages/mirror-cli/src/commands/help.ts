import type { Command } from '@oclif/core'
import { commands } from '@oclif/plugin-help'

const Help: typeof Command = commands.help

export default Help

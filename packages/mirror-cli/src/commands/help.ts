import { loadHelpClass } from '@oclif/core/help'
import { Args, Command } from '../oclif.ts'

export default class Help extends Command {
  static override summary = 'Show the help of gpreg or of a command.'
  static override strict = false
  static override args = { command: Args.string({ description: 'e.g. bundle save; default: all commands' }) }

  async run(): Promise<void> {
    const { argv } = await this.parse(Help)
    const { pjson } = this.config
    const CommandHelp = await loadHelpClass(this.config)
    await new CommandHelp(this.config, pjson.oclif.helpOptions).showHelp(argv as string[])
  }
}

import { BaseCommand } from '../base-command.ts'
import { Args } from '../oclif.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const

export default class Completion extends BaseCommand {
  static override summary = 'Print a completion script for bash, zsh or fish.'
  static override description =
    'Completes commands, flags, values of flags and names of files. The script stands for itself: a shell that has read it does not start gpreg to complete a word. Releases have the scripts of all three shells as files.'
  static override hiddenAliases = ['autocomplete']
  static override examples = [
    { description: 'bash, in ~/.bashrc', command: 'source <(gpreg completion bash)' },
    { description: 'zsh, in ~/.zshrc after compinit', command: 'source <(gpreg completion zsh)' },
    { description: 'fish, once', command: 'gpreg completion fish > ~/.config/fish/completions/gpreg.fish' },
  ]
  static override args = {
    shell: Args.string({ required: true, options: [...SHELLS], description: SHELLS.join(', ') }),
  }

  async run() {
    const { args } = await this.parse(Completion)
    const shell = args.shell as (typeof SHELLS)[number]
    const [{ shapeOf }, script] = await Promise.all([import('../completion/shape.ts'), writer(shell)])
    const { bin, version, commands, topics } = this.config
    const about = (name: string) => topics.find(topic => topic.name === name)?.description ?? ''
    return this.answer(
      {
        kind: 'Completion',
        version: 1,
        shell,
        script: script(shapeOf(commands, { bin, version, about })),
      } as const,
      ({ script }) => script,
    )
  }
}

async function writer(shell: (typeof SHELLS)[number]) {
  switch (shell) {
    case 'bash':
      return (await import('../completion/bash.ts')).bashScript
    case 'zsh':
      return (await import('../completion/zsh.ts')).zshScript
    case 'fish':
      return (await import('../completion/fish.ts')).fishScript
  }
}

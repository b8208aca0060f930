import type { Command, Config } from '@oclif/core'

/** Escapes text for roff: backslashes, hyphens (which are minus signs in flags), and a dot or quote that begins a line. */
const roff = (text: string) =>
  text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll(/^([.'])/gm, '\\&$1')

/** Manual pages by file name: `gpreg.1`, and one for each command, such as `gpreg-bundle-save.1`. */
export function manualPages({ commands, bin, version, pjson }: Config): Map<string, string> {
  const shown = commands.filter(({ hidden }) => !hidden).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const overview = [
    title(bin, version),
    `.SH NAME\n${bin} \\- ${roff(pjson.description ?? '')}`,
    `.SH SYNOPSIS\n.B ${bin}\n.I COMMAND\n[\\fIflags\\fR]`,
    '.SH COMMANDS',
    ...shown.map(each => `.TP\n.B ${bin} ${roff(each.id.replaceAll(':', ' '))}\n${roff(summaryOf(each))}`),
  ]
  return new Map([
    [`${bin}.1`, `${overview.join('\n')}\n`],
    ...shown.map(each => [`${bin}-${each.id.replaceAll(':', '-')}.1`, page(each, bin, version)] as const),
  ])
}

const title = (name: string, version: string) => `.TH ${name.toUpperCase()} 1 "" "gpreg ${version}"`
const summaryOf = ({ summary, description }: Command.Loadable) => summary ?? description ?? ''

function page(command: Command.Loadable, bin: string, version: string): string {
  const name = `${bin} ${command.id.replaceAll(':', ' ')}`
  const sections = [
    title(name.replaceAll(' ', '-'), version),
    `.SH NAME\n${roff(name.replaceAll(' ', '-'))} \\- ${roff(summaryOf(command))}`,
    `.SH SYNOPSIS\n.B ${roff(name)}\n${Object.keys(command.args).join(' ').toUpperCase()} [\\fIflags\\fR]`,
    ...(command.description ? [`.SH DESCRIPTION\n${roff(command.description)}`] : []),
    '.SH OPTIONS',
    ...Object.values(command.flags).map(option),
    ...examples(command.examples ?? [], bin, command.id),
  ]
  return `${sections.join('\n')}\n`
}

function option(flag: Command.Flag.Cached): string {
  const value = flag.type === 'option' ? ` \\fI${roff(flag.helpValue?.toString() ?? 'VALUE')}\\fR` : ''
  const short = flag.char === undefined ? '' : `\\-${flag.char}, `
  return `.TP\n.BR "${short}\\-\\-${roff(flag.name)}"${value}\n${roff(flag.summary ?? flag.description ?? '')}`
}

function examples(list: readonly Command.Example[], bin: string, id: string): string[] {
  const filled = (text: string) =>
    roff(
      text
        .replaceAll(/<%= config\.bin %>/g, bin)
        .replaceAll(/<%= command\.id %>/g, id.replaceAll(':', ' ')),
    )
  const texts = list.map(each =>
    typeof each === 'string'
      ? `.PP\n.EX\n${filled(each)}\n.EE`
      : `.PP\n${filled(each.description)}\n.EX\n${filled(each.command)}\n.EE`,
  )
  return texts.length === 0 ? [] : ['.SH EXAMPLES', ...texts]
}

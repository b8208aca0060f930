import { firstWords, secondWords, type FlagShape, type Offer, type Shape } from './shape.ts'

/** A completion script for fish 3.0 and newer. */
export function fishScript(shape: Shape): string {
  const { bin, version, commands, topics } = shape
  const complete = `complete -c ${bin}`
  const words = (command: string, list: readonly [string, string][]) =>
    list.map(([name, about]) => `${complete} -n ${isCommand(command)} -a ${name} -d ${quoted(about)}`)
  return [
    `# fish completion for ${bin} ${version}, written by: ${bin} completion fish`,
    '',
    'function __gpreg_is -d "Whether the words before the cursor are this command"',
    '  set -l words (commandline -opc)',
    '  set -l command "$words[2]"',
    `  if contains -- "$command" ${[...topics.keys()].join(' ')}; and set -q words[3]`,
    '    set command "$command $words[3]"',
    '  end',
    '  test "$command" = "$argv"',
    'end',
    '',
    `${complete} -f`,
    ...words('', firstWords(shape)),
    `${complete} -n ${isCommand('')} -s h -l help -d 'Show help'`,
    `${complete} -n ${isCommand('')} -l version -d 'Show the version'`,
    ...[...topics.keys()].flatMap(topic => words(topic, secondWords(shape, topic))),
    ...commands.flatMap(({ name, flags, argument }) => [
      ...(argument === undefined || argument === 'any'
        ? []
        : [`${complete} -n ${isCommand(name)} ${offered(argument)}`]),
      ...flags.map(flag => `${complete} -n ${isCommand(name)} ${flagOptions(flag)}`),
    ]),
  ].join('\n')
}

function isCommand(name: string): string {
  return quoted(`__gpreg_is "${name}"`)
}

function flagOptions({ name, char, description, offer }: FlagShape): string {
  const value = offer === undefined ? '' : ` ${offer === 'files' ? '-r' : '-x'} ${offered(offer)}`
  return `${char === undefined ? '' : `-s ${char} `}-l ${name}${value.trimEnd()} -d ${quoted(description)}`
}

function offered(offer: Offer): string {
  if (offer === 'files') return '-F'
  if (offer === 'any') return ''
  if (offer === 'directories') return `-a '(__fish_complete_directories)'`
  return `-a ${quoted(offer.join(' '))}`
}

/** A text in single quotes, as fish reads it. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

import { argumentsFunction, flagsFunction, quoted, topicFunction, valuesFunction } from './offers.ts'
import { firstWords, secondWords, type Shape } from './shape.ts'

const REPLY = `_gpreg_reply() {
  case $offer in
    files) _files ;;
    directories) _files -/ ;;
    any) _message value ;;
    *) compadd -- \${=offer} ;;
  esac
}`

/** A completion script for zsh, to be sourced after compinit or put as `_gpreg` into a directory of `fpath`. */
export function zshScript(shape: Shape): string {
  const { bin, version, commands, topics } = shape
  const topicArms = [...topics.keys()].map(
    topic => [topic, `entries=(${entries(secondWords(shape, topic))})`] as const,
  )
  const flagArms = commands.map(({ name, flags }) => {
    const words = flags.flatMap(({ name: flag, char, description }): [string, string][] => [
      [`--${flag}`, description],
      ...(char === undefined ? [] : [[`-${char}`, description] satisfies [string, string]]),
    ])
    return [name, `entries=(${entries(words)})`] as const
  })
  return `#compdef ${bin}
# zsh completion for ${bin} ${version}, written by: ${bin} completion zsh

${valuesFunction(shape)}

${argumentsFunction(shape)}

${flagsFunction(flagArms)}

${topicFunction(topicArms)}

${REPLY}

${mainFunction(entries([...firstWords(shape), ['--help', 'Show help'], ['--version', 'Show the version']]))}

if [[ $funcstack[1] == _gpreg ]]; then
  _gpreg "$@"
else
  compdef _gpreg ${bin}
fi`
}

/** @param first what may be the first word, as elements of an array */
function mainFunction(first: string): string {
  return `_gpreg() {
  local command=$words[2] offer
  local -a entries
  if (( CURRENT == 2 )); then
    entries=(${first})
    _describe -t commands command entries
    return
  fi
  if _gpreg_topic "$command"; then
    if (( CURRENT == 3 )); then
      _describe -t commands command entries
      return
    fi
    command+=" $words[3]"
  fi
  if [[ $words[CURRENT] == --*=* ]]; then
    _gpreg_values "$command \${words[CURRENT]%%=*}" || return
    compset -P '*='
    _gpreg_reply
  elif [[ $words[CURRENT-1] == -* ]] && _gpreg_values "$command $words[CURRENT-1]"; then
    # HOST=FILE: what follows the host is the file.
    compset -P '*='
    _gpreg_reply
  elif [[ $words[CURRENT] != -* ]] && _gpreg_arguments "$command"; then
    _gpreg_reply
  else
    _gpreg_flags "$command"
    _describe -o -t flags flag entries
  fi
}`
}

/** Elements of an array, as `_describe` reads them. */
function entries(words: readonly (readonly [string, string])[]): string {
  return words.map(([name, about]) => quoted(`${name.replaceAll(':', '\\:')}:${about}`)).join(' ')
}

import { argumentsFunction, flagsFunction, quoted, topicFunction, valuesFunction } from './offers.ts'
import { firstWords, secondWords, type Shape } from './shape.ts'

const REPLY = `# Offers what begins with $1. Only for files may readline itself offer more.
_gpreg_reply() {
  local option=-W line
  case $offer in
    files) option=-f ;;
    directories) option=-d ;;
  esac
  if [[ $option == -W ]]; then
    type compopt &>/dev/null && compopt +o default 2>/dev/null
    [[ $offer == any ]] || COMPREPLY=($(compgen -W "$offer" -- "$1"))
  elif type compopt &>/dev/null; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen $option -- "$1")
  fi
}`

/** A completion script for bash 3.2 and newer, without the package bash-completion. */
export function bashScript(shape: Shape): string {
  const { bin, version, commands, topics } = shape
  const topicArms = [...topics.keys()].map(
    topic => [topic, `words_of=${quoted(namesOf(secondWords(shape, topic)))}`] as const,
  )
  const flagArms = commands.map(({ name, flags }) => {
    const words = flags.map(({ name: flag }) => `--${flag}`).join(' ')
    return [name, `flags=${quoted(words)}`] as const
  })
  return `# bash completion for ${bin} ${version}, written by: ${bin} completion bash

${valuesFunction(shape)}

${argumentsFunction(shape)}

${flagsFunction(flagArms)}

${topicFunction(topicArms)}

${REPLY}

${mainFunction(`${namesOf(firstWords(shape))} --help --version`)}

complete -o default -F _gpreg ${bin}`
}

/** @param first what may be the first word */
function mainFunction(first: string): string {
  return `_gpreg() {
  local IFS=$' \\t\\n' words=() word command offer='' flags='' words_of='' glued='' current previous count
  COMPREPLY=()
  # bash cuts words at = and :, which belong to values here.
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ -n $glued || $word == [=:]* ]] && ((\${#words[@]})); then
      words[\${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
    if [[ $word == *[=:] ]]; then glued=1; else glued=''; fi
  done
  count=\${#words[@]}
  current=\${words[count-1]}
  if ((count == 1)); then
    offer=${quoted(first)}
    _gpreg_reply "$current"
    return
  fi
  command=\${words[0]}
  if _gpreg_topic "$command"; then
    if ((count == 2)); then
      offer=$words_of
      _gpreg_reply "$current"
      return
    fi
    command+=" \${words[1]}"
  fi
  previous=\${words[count-2]}
  if [[ $current == --*=* ]]; then
    _gpreg_values "$command \${current%%=*}" || offer=any
  elif [[ $previous == -* ]] && _gpreg_values "$command $previous"; then
    :
  elif [[ $current == -* ]] || ! _gpreg_arguments "$command"; then
    _gpreg_flags "$command"
    offer=$flags
  fi
  # What follows the last = or : is a word of its own for readline.
  _gpreg_reply "\${current##*[=:]}"
}`
}

function namesOf(words: readonly [string, string][]): string {
  return words.map(([name]) => name).join(' ')
}

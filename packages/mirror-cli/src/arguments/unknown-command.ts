import { GpregError } from '@gpreg/oci'
import type { CommandFacts } from './command-words.ts'
import { suggestionFor } from './suggestion.ts'
import { unexpectedArguments } from './unexpected.ts'

/** What other tools and people call a command, or a kind of one, and what it is called here. */
const SYNONYMS: Readonly<Record<string, string>> = {
  aks: 'azure',
  amazon: 'aws',
  copy: 'mirror',
  cp: 'mirror',
  eks: 'aws',
  gke: 'gcp',
  google: 'gcp',
  list: 'images',
  ls: 'images',
  onprem: 'external',
  'on-prem': 'external',
  pull: 'bundle save',
  push: 'mirror',
  sync: 'mirror',
}

/** The error for words that name no command, or that follow a command which takes none. */
export function unknownCommand(argv: readonly string[], commands: readonly CommandFacts[]): GpregError {
  const end = argv.findIndex(argument => argument.startsWith('-'))
  const given = argv.slice(0, end < 0 ? undefined : end)
  const words = given[0] === 'help' ? given.slice(1) : given
  const known = commands.find(({ id }) => words.join(' ').startsWith(`${id.replaceAll(':', ' ')} `))
  if (known !== undefined) return unexpectedArguments(words.slice(known.id.split(':').length), known)
  const names = commands.map(({ id }) => id.replaceAll(':', ' '))
  const [first = '', second = ''] = words
  const kinds = names.flatMap(name => (name.startsWith(`${first} `) ? [name.slice(first.length + 1)] : []))
  return kinds.length > 0 ? unknownKind(first, second, kinds) : unknownWord(first, second, names)
}

/** @param topic the first word of commands with two words */
function unknownKind(topic: string, word: string, kinds: readonly string[]): GpregError {
  const meant = kinds.find(kind => kind === SYNONYMS[word]) ?? suggestionFor(word, kinds)
  return new GpregError('usage', `there is no command gpreg ${topic} ${word}`, {
    hint:
      meant === undefined
        ? `gpreg ${topic} is followed by one of ${kinds.join(', ')}`
        : `did you mean gpreg ${topic} ${meant}?`,
  })
}

function unknownWord(word: string, next: string, names: readonly string[]): GpregError {
  const meant =
    SYNONYMS[word] ??
    names.find(name => name.endsWith(` ${word}`)) ??
    suggestionFor(`${word} ${next}`, names) ??
    suggestionFor(word, names)
  return new GpregError('usage', `there is no command gpreg ${word}`, {
    hint: meant === undefined ? 'gpreg --help lists the commands' : `did you mean gpreg ${meant}?`,
  })
}

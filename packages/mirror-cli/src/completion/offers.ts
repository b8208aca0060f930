import type { Offer, Shape } from './shape.ts'

/**
 * The function `_gpreg_values`, in the words that bash and zsh share. It gets a command and a flag, sets `offer` to `files`,
 * `directories`, `any` or words, and fails for a flag without a value.
 */
export function valuesFunction({ commands }: Shape): string {
  return caseFunction(
    '_gpreg_values',
    commands.flatMap(({ name, flags }) =>
      flags.flatMap(({ name: flag, char, offer }) =>
        offer === undefined
          ? []
          : [`--${flag}`, ...(char === undefined ? [] : [`-${char}`])].map((word): [string, Offer] => [
              `${name} ${word}`,
              offer,
            ]),
      ),
    ),
  )
}

/** The function `_gpreg_arguments`: it gets a command, and fails for one without arguments. */
export function argumentsFunction({ commands }: Shape): string {
  return caseFunction(
    '_gpreg_arguments',
    commands.flatMap(({ name, argument }) => (argument === undefined ? [] : [[name, argument]])),
  )
}

/** A text in single quotes, as POSIX shells read it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** The function `_gpreg_flags`: it gets a command, and sets what a shell offers for its flags. @param arms a line of shell a command */
export function flagsFunction(arms: readonly (readonly [command: string, line: string])[]): string {
  return shellCase(
    '_gpreg_flags',
    arms.map(([command, line]) => [quoted(command), line]),
  )
}

/** The function `_gpreg_topic`: it gets a word, sets what a shell offers behind it, and fails if it is no topic. */
export function topicFunction(arms: readonly (readonly [topic: string, line: string])[]): string {
  return shellCase('_gpreg_topic', [...arms, NONE])
}

/** Any other word: the function fails. */
const NONE = ['*', 'return 1'] as const

function shellCase(name: string, arms: readonly (readonly [pattern: string, line: string])[]): string {
  const lines = arms.map(([pattern, line]) => `    ${pattern}) ${line} ;;`)
  return [`${name}() {`, '  case $1 in', ...lines, '  esac', '}'].join('\n')
}

function caseFunction(name: string, offers: readonly [key: string, offer: Offer][]): string {
  const byOffer = Map.groupBy(offers, ([, offer]) => (typeof offer === 'string' ? offer : offer.join(' ')))
  const arms = [...byOffer].map(
    ([offer, keys]) => [keys.map(([key]) => quoted(key)).join('|'), `offer=${quoted(offer)}`] as const,
  )
  return shellCase(name, [...arms, NONE])
}

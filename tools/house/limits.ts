import type { House } from './figures.ts'

const MOST_NON_NULL_PER_1000 = 1.5
const MOST_FILES_PER_FOLDER = 15
const MOST_LINES_PER_FUNCTION = 60
/** The entry with the most to say: what a library user of core must hold in the head. */
const MOST_VALUES = { '@gpreg/core': 60 }

/** A sentence for each limit that the tree passes. */
export function passedLimits({ all, circles, publicNames }: House): string[] {
  const { nonNullPer1000, folders, longFunctions } = all
  return [
    ...unless(
      nonNullPer1000 <= MOST_NON_NULL_PER_1000,
      `${nonNullPer1000.toFixed(2)} non-null assertions per 1000 lines, at most ${MOST_NON_NULL_PER_1000} are allowed`,
    ),
    ...folders
      .filter(({ files }) => files > MOST_FILES_PER_FOLDER)
      .map(
        ({ path, files }) =>
          `${path} has ${files} source files, at most ${MOST_FILES_PER_FOLDER} are allowed in a folder`,
      ),
    ...longFunctions
      .filter(({ lines }) => lines > MOST_LINES_PER_FUNCTION)
      .map(
        ({ name, path, line, lines }) =>
          `${name} (${path}:${line}) has ${lines} lines, at most ${MOST_LINES_PER_FUNCTION} are allowed`,
      ),
    ...circles.map(circle => `these files import each other: ${circle.join(', ')}`),
    ...Object.entries(MOST_VALUES).flatMap(([specifier, most]) => {
      const values = publicNames[specifier]?.values.length ?? 0
      return unless(values <= most, `${specifier} exports ${values} values, at most ${most} are allowed`)
    }),
  ]
}

const unless = (kept: boolean, sentence: string) => (kept ? [] : [sentence])

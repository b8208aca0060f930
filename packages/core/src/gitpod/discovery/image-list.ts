import { z } from 'zod'
import type { Context } from '../../context.ts'
import { purposeOf, type FoundImage } from './found-image.ts'
import { invalidInput, place, referenceAt } from '../../input.ts'

const installerList = z.array(z.object({ original: z.string(), target: z.string().optional() }))

const HINT =
  'give the JSON of `gitpod-installer mirror list` ([{"original","target"}]), or text with a reference a line'

/**
 * Reads a list of images: the JSON of `gitpod-installer mirror list`, or text with one reference per line and `#` comments.
 * @throws `input-invalid`, `reference-invalid`; both name the line
 */
export function parseImageList(text: string, path: string, context: Context): FoundImage[] {
  return /^\s*[[{]/.test(text) ? parseInstallerList(text, path, context) : parseLines(text, path)
}

function parseLines(text: string, path: string): FoundImage[] {
  return text.split(/\r\n|\r|\n/).flatMap((content, index) => {
    const reference = content.replace(/(^|\s)#.*$/, '').trim()
    return reference === '' ? [] : [found({ original: reference }, path, index + 1)]
  })
}

function parseInstallerList(text: string, path: string, context: Context): FoundImage[] {
  const parsed = installerList.safeParse(readJson(text, path))
  if (!parsed.success) {
    const { path: at, message } = parsed.error.issues[0]!
    throw invalidInput(
      path,
      undefined,
      `not a list of images: ${at.join('.') || 'document'}: ${message}`,
      HINT,
    )
  }
  return parsed.data.flatMap((image, index) => {
    if (image.original.trim() !== '') return [found(image, path, lineOf(text, image.original))]
    // `gitpod-installer mirror list` writes such an entry for an `image:` field without a value.
    const message = `${place(path)}: entry ${index + 1} names no image and is left out`
    context.emit({ type: 'warning', code: 'image-skipped', message, subject: { path } })
    return []
  })
}

function found(
  { original, target }: z.output<typeof installerList>[number],
  path: string,
  line?: number,
): FoundImage {
  const source = referenceAt(original, path, line)
  return {
    source,
    ...(target ? { target: referenceAt(target, path, line) } : {}),
    purpose: purposeOf(source),
    origins: [`images:${path}`],
  }
}

function readJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalidInput(path, undefined, `not JSON: ${(cause as Error).message}`, HINT, cause)
  }
}

/** The line of a string in JSON text, from 1; undefined if the text has the string with escapes. */
function lineOf(json: string, value: string): number | undefined {
  const index = json.indexOf(JSON.stringify(value))
  return index < 0 ? undefined : json.slice(0, index).split('\n').length
}

import { isGpregError } from '@gpreg/oci'
import type { Context } from '../../../context.ts'
import { place, referenceAt } from '../../../input.ts'
import { MAX_LENGTH } from '../dockerfile/variables.ts'
import type { FoundImage } from '../found-image.ts'
import type { Mention, Mentions } from '../mention.ts'
import type { RepositoryFile } from './repository-files.ts'

/** Which kind of file names an image. It is the first part of the image's origin. */
export type WorkspaceOrigin = 'workspace-repo' | 'devcontainer' | 'compose'

/** Collects the images of one repository. What cannot be followed becomes a warning, so that no image is missing silently. */
export class Findings {
  readonly images: FoundImage[] = []
  readonly repository: string
  readonly #context: Context

  constructor(repository: string, context: Context) {
    this.repository = repository
    this.#context = context
  }

  add(file: RepositoryFile, { mentions, problems }: Mentions, origin: WorkspaceOrigin): void {
    const { path, realPath } = file
    for (const { line, message } of problems) this.warn(`${place(path, line)}: ${message}`, path)
    for (const mention of mentions) {
      if (mention.image.length > MAX_LENGTH) {
        this.warn(`${place(path, mention.line)}: ${mention.at} is too long for the name of an image`, path)
        continue
      }
      try {
        const source = referenceAt(mention.image, path, mention.line)
        this.images.push({
          source,
          purpose: 'workspace-base',
          origins: [`${origin}:${place(path, mention.line)}`],
          mention: { ...inFile(mention, file), repository: this.repository, path, realPath },
        })
      } catch (thrown) {
        if (!isGpregError(thrown)) throw thrown
        this.warn(`${thrown.message}, so ${mention.at} is left out`, path)
      }
    }
  }

  /** Reads a file that another one names. If it cannot be read, that is a warning. */
  async attempt(path: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (thrown) {
      if (!isGpregError(thrown)) throw thrown
      this.warn(`${thrown.message}${thrown.hint === undefined ? '' : ` (${thrown.hint})`}`, path)
    }
  }

  /** @param message may have text of a file; control characters in it are made visible */
  warn(message: string, path: string): void {
    const visible = message.replace(/\p{Cc}/gu, character => JSON.stringify(character).slice(1, -1))
    this.#context.emit({ type: 'warning', code: 'image-skipped', message: visible, subject: { path } })
  }
}

/** A file that is not UTF-8 is never written, because the rest of it would change, too. */
function inFile(mention: Mention, { isExact }: RepositoryFile): Mention {
  if (isExact) return mention
  const { span: _, ...rest } = mention
  return { ...rest, byHand: 'in a file that is not UTF-8' }
}

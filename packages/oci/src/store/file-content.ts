import { createReadStream } from 'node:fs'
import { GpregError, throwIfAborted } from '../errors.ts'
import { fileFault } from '../machine/file-fault.ts'
import type { Content } from './content.ts'

/**
 * A file as content that can be pushed. Nothing is opened before the first read.
 * @throws `input-unreadable` while it is read
 */
export function fileContent(path: string): Content {
  return {
    async *open({ offset = 0, signal }) {
      try {
        yield* createReadStream(path, { start: offset, ...(signal === undefined ? {} : { signal }) })
      } catch (cause) {
        throwIfAborted(signal)
        throw new GpregError('input-unreadable', `cannot read ${path}: ${fileFault(cause)}`, {
          path,
          cause,
          hint: 'check the path and that you may read it',
        })
      }
    },
  }
}

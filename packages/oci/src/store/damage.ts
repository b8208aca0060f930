import { GpregError } from '../errors.ts'

/** The error for content on disk that is damaged. @param path of the file */
export function damaged(message: string, path?: string, cause?: unknown): GpregError {
  return new GpregError('bundle-damaged', message, {
    ...(path === undefined ? {} : { path }),
    cause,
    hint: 'gpreg bundle verify names what is damaged and what must be sent again',
  })
}

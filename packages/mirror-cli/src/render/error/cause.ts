/** An error as far as images share it. */
interface Failure {
  readonly code?: string
  readonly message: string
  readonly hint?: string | undefined
}

/**
 * What is the same in the errors of many images that fail for one reason: all but the names of images, paths and digests. Only to
 * compare, not to be shown.
 */
export function causeOf({ code, message, hint = '' }: Failure): string {
  return `${code} ${message} ${hint}`.replaceAll(/\S*\/\S*|sha256:\w+/g, '*')
}

import type { MirrorResult, VerifyResult } from '@gpreg/core'
import type { ErrorCode } from '@gpreg/oci'
import { exitCodeOfMirror, exitCodeOfVerify, type ExitCode } from '../exit-codes.ts'

/** What metrics tell of the answer of a command. */
export interface Summary {
  readonly exitCode: ExitCode
  /** the number of images in each state; every state is named, so that its series exist from the first run on */
  readonly images: Readonly<Record<string, number>>
  /** a code for each image that failed */
  readonly failures: readonly ErrorCode[]
  /** bytes of blobs */
  readonly bytes?: Readonly<Record<'sent' | 'mounted' | 'present', number>>
}

export function summariseMirror(result: MirrorResult): Summary {
  const { copied, upToDate, failed, bytes } = result.totals
  const { sent, mounted, present } = bytes
  return {
    exitCode: exitCodeOfMirror(result),
    images: { copied, 'up-to-date': upToDate, failed },
    failures: result.images.flatMap(({ error }) => error?.code ?? []),
    bytes: { sent, mounted, present },
  }
}

export function summariseVerify(result: VerifyResult): Summary {
  const { ok, missing, different, incomplete, unreadable } = result.totals
  return {
    exitCode: exitCodeOfVerify(result),
    images: { ok, missing, different, incomplete, unreadable },
    failures: result.images.flatMap(({ problems: [first] }) => first?.code ?? []),
  }
}

import type {
  BundleVerifyResult,
  Check,
  Diff,
  MirrorPlan,
  MirrorResult,
  PruneResult,
  PurposeVerdict,
  SaveResult,
  VerifyResult,
} from '@gpreg/core'
import type { ErrorCode } from '@gpreg/oci'

/** Exit codes. Scripts rely on them (docs/cli.md). */
export const ExitCode = {
  done: 0,
  bug: 1,
  usage: 2,
  failed: 3,
  different: 4,
  unauthorized: 5,
  unreachable: 6,
  interrupted: 130,
} as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/**
 * The exit code of an error that ends the command. Errors of single images do not end it: see {@link exitCodeOfFailures}.
 * "Unreachable" means that no answer came that could be trusted; a registry that answers with an error was reached.
 */
const EXIT_CODES: Readonly<Record<ErrorCode, ExitCode>> = {
  usage: ExitCode.usage,
  'input-unreadable': ExitCode.usage,
  'input-invalid': ExitCode.usage,
  'reference-invalid': ExitCode.usage,
  'image-set-empty': ExitCode.usage,
  'release-unknown': ExitCode.usage,
  'target-collision': ExitCode.usage,
  'platform-refused': ExitCode.usage,
  storage: ExitCode.usage,

  'digest-invalid': ExitCode.failed,
  'digest-mismatch': ExitCode.failed,
  'size-mismatch': ExitCode.failed,
  'manifest-invalid': ExitCode.failed,
  'manifest-too-large': ExitCode.failed,
  'manifest-unsupported': ExitCode.failed,
  'not-found': ExitCode.failed,
  'blob-unknown': ExitCode.failed,
  'base-missing': ExitCode.failed,
  'rate-limited': ExitCode.failed,
  'server-error': ExitCode.failed,
  protocol: ExitCode.failed,
  'upload-lost': ExitCode.failed,
  'name-taken': ExitCode.failed,
  'limit-exceeded': ExitCode.failed,

  'bundle-damaged': ExitCode.different,
  'signature-invalid': ExitCode.different,
  'in-use': ExitCode.different,

  unauthorized: ExitCode.unauthorized,
  forbidden: ExitCode.unauthorized,

  unreachable: ExitCode.unreachable,
  'tls-untrusted': ExitCode.unreachable,
  stalled: ExitCode.unreachable,

  aborted: ExitCode.interrupted,
  bug: ExitCode.bug,
}

/** The exit code of an error code. A code of a newer core that the table does not list counts as a bug. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  return EXIT_CODES[code] ?? ExitCode.bug
}

/**
 * The exit code for `failures` among `total` images. It is 3 if only some images failed, because one failed image does not mean
 * that the registry is unreachable.
 * If every image failed with the same code and it is 5 (auth) or 6 (unreachable), that code is returned instead of 3. 130 and 1
 * always win.
 */
export function exitCodeOfFailures(failures: readonly ErrorCode[], total: number): ExitCode {
  if (failures.length === 0) return ExitCode.done
  const codes = new Set(failures.map(exitCodeOf))
  for (const code of [ExitCode.interrupted, ExitCode.bug]) if (codes.has(code)) return code
  const [only] = codes
  const telling = only === ExitCode.unauthorized || only === ExitCode.unreachable
  return codes.size === 1 && failures.length >= total && telling ? only : ExitCode.failed
}

export function exitCodeOfMirror({ images, totals }: MirrorResult | MirrorPlan | SaveResult): ExitCode {
  const failures = images.flatMap(({ status, error }) => (status === 'failed' ? [error?.code ?? 'bug'] : []))
  // Rows of referrers are more than the images; a save that was not begun has only rows of what failed.
  return exitCodeOfFailures(failures, Math.max(totals.images, images.length))
}

/** 4 if a check failed. */
export function exitCodeOfChecks(checks: readonly Check[]): ExitCode {
  return checks.some(({ status }) => status === 'failed') ? ExitCode.different : ExitCode.done
}

/** 4 if the registry cannot serve a purpose. */
export function exitCodeOfVerdicts(verdicts: readonly PurposeVerdict[]): ExitCode {
  return verdicts.some(({ status }) => status === 'blocked') ? ExitCode.different : ExitCode.done
}

/** 4 if an image is known to differ. Images that could not be read are failures, not differences. */
export function exitCodeOfVerify({ images, totals }: VerifyResult): ExitCode {
  if (totals.missing + totals.different + totals.incomplete > 0) return ExitCode.different
  const telling = (codes: readonly ErrorCode[]) =>
    codes.find(code => exitCodeOf(code) !== ExitCode.failed) ?? 'protocol'
  const failures = images.flatMap(({ status, problems }) =>
    status === 'unreadable' ? [telling(problems.map(({ code }) => code))] : [],
  )
  return exitCodeOfFailures(failures, images.length)
}

/** 0 unless the user asked for a code: then 4 if anything differs. */
export function exitCodeOfDiff({ images, totals }: Diff, isAsked: boolean): ExitCode {
  return isAsked && images.length + totals.carry.blobs > 0 ? ExitCode.different : ExitCode.done
}

export function exitCodeOfBundle({ problems }: BundleVerifyResult): ExitCode {
  return problems.length === 0 ? ExitCode.done : ExitCode.different
}

/** 3 if something could not be removed, or a repository could not be judged. What was left on purpose is no failure. */
export function exitCodeOfPrune({ tags, manifests, leftAlone }: PruneResult): ExitCode {
  const failures = [...tags, ...manifests].flatMap(({ error }) => error?.code ?? [])
  const unread = leftAlone.map(({ code }) => code)
  return exitCodeOfFailures([...failures, ...unread], tags.length + manifests.length + leftAlone.length)
}

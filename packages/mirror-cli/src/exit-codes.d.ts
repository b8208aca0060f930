import type {
  BundleVerifyResult,
  Check,
  MirrorPlan,
  MirrorResult,
  PurposeVerdict,
  SaveResult,
  VerifyResult,
} from '@gpreg/core'
import type { ErrorCode } from '@gpreg/oci'
/** Exit codes. Scripts rely on them (docs/cli.md). */
export declare const ExitCode: {
  readonly done: 0
  readonly bug: 1
  readonly usage: 2
  readonly failed: 3
  readonly different: 4
  readonly unauthorized: 5
  readonly unreachable: 6
  readonly interrupted: 130
}
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]
/** The exit code of an error code. A code of a newer core that the table does not list counts as a bug. */
export declare function exitCodeOf(code: ErrorCode): ExitCode
/**
 * The exit code for `failures` among `total` images. It is 3 if only some images failed, because one failed image does not mean
 * that the registry is unreachable.
 * If every image failed with the same code and it is 5 (auth) or 6 (unreachable), that code is returned instead of 3. 130 and 1
 * always win.
 */
export declare function exitCodeOfFailures(failures: readonly ErrorCode[], total: number): ExitCode
export declare function exitCodeOfMirror({ images }: MirrorResult | MirrorPlan | SaveResult): ExitCode
/** 4 if a check failed. */
export declare function exitCodeOfChecks(checks: readonly Check[]): ExitCode
/** 4 if the registry cannot serve a purpose. */
export declare function exitCodeOfVerdicts(verdicts: readonly PurposeVerdict[]): ExitCode
/** 4 if an image is known to differ. Images that could not be read are failures, not differences. */
export declare function exitCodeOfVerify({ images, totals }: VerifyResult): ExitCode
export declare function exitCodeOfBundle({ problems }: BundleVerifyResult): ExitCode

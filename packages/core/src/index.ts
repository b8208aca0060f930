export { createContext } from './context.ts'
export { findRelease, knownReleases } from './gitpod/release/catalogue.ts'
export { collectBundleSet, collectImageSet } from './gitpod/collect.ts'
export { MOVED_FIELDS, placesOf } from './gitpod/moved-fields.ts'
export { pulledImages } from './gitpod/release/pulled-images.ts'
export { readInput, readInputBytes, readText } from './input.ts'
export { formatImageList } from './gitpod/image-list-format.ts'
export { rewriteFiles } from './gitpod/rewrite/rewrite-files.ts'
export { parsePruneDocument } from './prune/documents.ts'
export { writeLock } from './documents/lock.ts'
export { readLockFile } from './documents/lock-file.ts'
export { PURPOSES } from './registry/purpose.ts'
export { formatProvisioned, parseProvisioned, parseProvisionedSecrets } from './documents/provisioned.ts'
export {
  isServiceAccountKey,
  oneLine,
  parseServiceAccountKey,
  serviceAccountEmail,
  serviceAccountLogin,
} from './registry/service-account.ts'
export { addressOf, hostOfAddress, isSame, singleRegistry } from './registry/setup.ts'
export { examineRegistry } from './actions/doctor.ts'
export { probeRegistry } from './actions/probe.ts'
export { collectGarbage } from './actions/collect-garbage.ts'
export { documentKind } from './document-kinds.ts'
export { openServedStore } from './bundle/served.ts'
export { openBundle } from './bundle/bundle.ts'
export { assertBundleKey } from './bundle/signature.ts'
export { imagesOfBundle } from './bundle/bundle-images.ts'
export { formatReceipt, parseReceipt } from './documents/receipt.ts'
export { inspectBundle } from './actions/bundle/inspect.ts'
export { loadBundle, planLoad, receiptOfLoad } from './actions/bundle/load.ts'
export { planSave, saveBundle } from './actions/bundle/save.ts'
export { verifyBundle } from './actions/bundle/verify-bundle.ts'
export { lockImages } from './actions/lock.ts'
export { planMirror } from './actions/mirror-plan.ts'
export { login, logout } from './actions/login.ts'
export { mirrorImages } from './actions/mirror.ts'
export { pruneTarget } from './actions/prune.ts'
export { mirrorServerSide } from './actions/server-side/mirror-server-side.ts'
export { readSignaturePolicy } from './signatures/policy.ts'
export { receiptOfVerify, verifyHoldings, verifyImages } from './actions/verify.ts'
export { diffSides } from './actions/diff/diff.ts'
export { createReport } from './report/create-report.ts'
export { parseReportDocument } from './report/documents.ts'

export type { Context } from './context.ts'
export type { GpregEvent, WarningCode } from './events.ts'
export type {
  ImageEntry,
  ImageSet,
  NamedImage,
  LockedImage,
  LockedReferrer,
  Purpose,
} from './gitpod/image-set.ts'
export type { ImageListFormat } from './gitpod/image-list-format.ts'
export type { ImageSetRequest, ImageSetWorld, MadeImage } from './gitpod/image-set-request.ts'
export type { Rewrite } from './gitpod/discovery/mention.ts'
export type { RewrittenRepository } from './gitpod/rewrite/rewrite-files.ts'
export type { Lock, LockEntry } from './documents/lock.ts'
export type { Naming } from './gitpod/naming.ts'
export type { DoctorOptions, DoctorResult, PurposeVerdict } from './actions/doctor.ts'
export type { Bundle, BundleKey, SignatureState } from './bundle/bundle.ts'
export type { DiskSpace } from './bundle/disk.ts'
export type { Receipt } from './documents/receipt.ts'
export type { Sidecar, SidecarFile } from './documents/sidecar.ts'
export type { BundleInspection } from './actions/bundle/inspect.ts'
export type { LoadOptions, LoadResult, LoadTarget, MissingBlob } from './actions/bundle/load.ts'
export type { SaveOptions, SaveResult } from './actions/bundle/save.ts'
export type { BundleProblem, BundleVerifyResult } from './actions/bundle/verify-bundle.ts'
export type { LockOptions, LockResult } from './actions/lock.ts'
export type { LoginRequest, LoginResult, LogoutResult } from './actions/login.ts'
export type { MirrorPlan, PlannedImage } from './actions/mirror-plan.ts'
export type { MirroredImage, MirrorOptions, MirrorResult, ShardTotals } from './actions/mirror.ts'
export type { GarbageResult } from './actions/collect-garbage.ts'
export type { PruneRequest } from './actions/prune.ts'
export type { PruneDocument } from './prune/documents.ts'
export type { LeftAlone, PrunedManifest, PrunedTag, PruneResult } from './prune/outcome.ts'
export type { ServerSideOptions } from './actions/server-side/mirror-server-side.ts'
export type { VerifiedImage, VerifyOptions, VerifyResult } from './actions/verify.ts'
export type { SignaturePolicyRequest } from './signatures/policy.ts'
export type { SignaturePolicy } from './signatures/rules.ts'
export type { VerifyProblem } from './actions/walker.ts'
export type { Diff, DiffImage, DiffOptions } from './actions/diff/diff.ts'
export type { ImageContent } from './actions/image-content.ts'
export type { ReportDocument } from './report/documents.ts'
export type {
  ImageState,
  Report,
  ReportedFile,
  ReportedImage,
  ReportedProblem,
  ReportedRun,
} from './report/report.ts'
export type { Check } from './registry/check.ts'
export type { ImageImport, Importer } from './registry/importer.ts'
export type { AccessKey, ServiceAccountKey, StorageAccount } from './registry/login.ts'
export type { Goal, Provider, RegistryProbe } from './registry/provider.ts'
export type { Provisioned, ProvisionedChoice, ProvisionedSecrets } from './documents/provisioned.ts'
export type { Action, Change } from './registry/change.ts'
export type { Inspection, Resource } from './registry/resource.ts'
export type { SecretVault } from './registry/secret-vault.ts'
export type { RegistryPurpose } from './registry/purpose.ts'
export type {
  HostedRegistry,
  InClusterRegistry,
  ObjectStorage,
  PublicRegistry,
  Registry,
  RegistrySetup,
  S3Bucket,
  SecretRef,
} from './registry/setup.ts'

export { createContext } from './context.ts'
export { PATIENT, pause, withRetry } from './retry.ts'
export { SECRET_MODE, writeOutputFile } from './output-file.ts'
export { abortedError, GpregError, isGpregError, toGpregError, unlessAborted } from './errors.ts'
export { digestOf, isDigest, parseDigest } from './model/digest.ts'
export { MediaType } from './model/descriptor.ts'
export { childrenOf, parseManifest } from './model/manifest.ts'
export { formatPlatform, parsePlatform } from './model/platform.ts'
export { DOCKER_HUB, formatPrefix, formatReference, parsePrefix, parseReference } from './model/reference.ts'
export { contentFrom, contentOf } from './store/content.ts'
export { parseAuthFile } from './remote/credentials.ts'
export { parseRetryAfter } from './remote/failure.ts'
export { quirksOf } from './remote/quirks.ts'
export { createRegistries } from './remote/registries.ts'
export { journalDirectory } from './remote/upload-journal.ts'
export { parseSourceMirror } from './remote/source-mirrors.ts'
export { LayoutStore } from './store/layout-store.ts'
export { MemoryStore } from './store/memory-store.ts'
export { findRelease, knownReleases } from './gitpod/catalogue.ts'
export { collectImageSet } from './gitpod/collect.ts'
export { readInput, readText } from './gitpod/input.ts'
export { formatInstallerList } from './gitpod/installer-list.ts'
export { readLock, writeLock } from './gitpod/lock.ts'
export { createRegistryServer } from './serve/server.ts'
export { PURPOSES } from './registry/purpose.ts'
export {
  formatProvisioned,
  formatProvisionedSecrets,
  parseProvisioned,
  parseProvisionedSecrets,
} from './registry/provisioned.ts'
export { isRepositoryCreator } from './registry/provider.ts'
export { changesOf, keep, makeChanges } from './registry/resource.ts'
export { fileVault, memoryVault } from './registry/secret-vault.ts'
export { Sensitive } from './registry/sensitive.ts'
export {
  isServiceAccountKey,
  oneLine,
  parseServiceAccountKey,
  serviceAccountEmail,
  serviceAccountLogin,
} from './registry/service-account.ts'
export { addressOf, hostOfAddress, isSame, purposesOf, singleRegistry } from './registry/setup.ts'
export { examineRegistry } from './actions/doctor.ts'
export { probeRegistry } from './actions/probe.ts'
export { lockImages } from './actions/lock.ts'
export { planMirror } from './actions/mirror-plan.ts'
export { login, logout } from './actions/login.ts'
export { mirrorImages } from './actions/mirror.ts'
export { verifyImages } from './actions/verify.ts'

export type { Context } from './context.ts'
export type { ErrorCode, ErrorDetails, ErrorSubject, Side } from './errors.ts'
export type { EventSink, GpregEvent, WarningCode } from './events.ts'
export type { Descriptor } from './model/descriptor.ts'
export type { Digest } from './model/digest.ts'
export type { ImageIndex, ImageManifest, Manifest } from './model/manifest.ts'
export type { Platform } from './model/platform.ts'
export type { Reference, RegistryPrefix } from './model/reference.ts'
export type { ByteStream, Content, ReadableRepository, Repository, Store } from './store/content.ts'
export type { Registries, RegistriesOptions } from './remote/registries.ts'
export type { Clouds } from './remote/cloud-credentials.ts'
export type { SourceMirror } from './remote/source-mirrors.ts'
export type { ImageEntry, ImageSet, LockedImage, LockedReferrer, Purpose } from './gitpod/image-set.ts'
export type { ImageSetRequest, ImageSetWorld } from './gitpod/image-set-request.ts'
export type { Lock, LockEntry } from './gitpod/lock.ts'
export type { Naming } from './gitpod/naming.ts'
export type { ListeningServer, RegistryServer, RegistryServerOptions } from './serve/server.ts'
export type { DoctorOptions, DoctorResult, PurposeVerdict } from './actions/doctor.ts'
export type { LockOptions, LockResult } from './actions/lock.ts'
export type { LoginRequest, LoginResult, LogoutResult } from './actions/login.ts'
export type { CredentialPlace } from './remote/credential-store.ts'
export type { MirrorPlan, PlannedImage } from './actions/mirror-plan.ts'
export type { MirroredImage, MirrorOptions, MirrorResult } from './actions/mirror.ts'
export type { VerifiedImage, VerifyOptions, VerifyResult } from './actions/verify.ts'
export type { VerifyProblem } from './actions/walker.ts'
export type { Check } from './registry/check.ts'
export type { AccessKey, Login, ServiceAccountKey, ShortLogin, StorageAccount } from './registry/login.ts'
export type { Goal, LoginSource, Provider, RepositoryCreator } from './registry/provider.ts'
export type { Provisioned, ProvisionedChoice, ProvisionedSecrets } from './registry/provisioned.ts'
export type { Action, Change, Inspection, Resource } from './registry/resource.ts'
export type { SecretVault } from './registry/secret-vault.ts'
export type { RetryPolicy } from './retry.ts'
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

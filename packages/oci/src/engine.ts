/**
 * The engine in stages, and what it stands on: for programs that plan, write and prove whole sets, as gpreg does. It may change with
 * any version; what index.ts exports does not without a major one.
 */
export { archiveContents, retarget } from './copy/archive/archive-contents.ts'
export { executePlan } from './copy/execute.ts'
export { readGraph } from './copy/survey/graph.ts'
export { cachingReader, readManifest, readNamed, resolveNamed } from './store/manifest-reader.ts'
export { probeTargets, planTransfer, surveyItems, uniqueBlobs } from './copy/plan.ts'
export { filterPlatforms, unnamedPlatforms } from './copy/platform/platform-filter.ts'
export { warnOfOtherPlatform } from './copy/platform/image-platform.ts'
export { homeOf, isAtTarget } from './copy/presence.ts'
export { isOwn } from './copy/shard/share.ts'
export { SettledImages } from './copy/memory/settled-images.ts'
export { unfinishedReferrers } from './copy/memory/unfinished-referrers.ts'
export { digestTag } from './copy/digest-tag.ts'
export {
  cosignTags,
  findReferrers,
  warnOfUnknownReferrers,
  type FoundReferrers,
} from './copy/survey/referrers.ts'
export { graphsOf } from './copy/survey/survey.ts'
export {
  abortedError,
  isConfirmed,
  isRefusal,
  throwIfAborted,
  toGpregError,
  unlessAborted,
  unlessMissing,
} from './errors.ts'
export { Limiter, allSettledOrThrow, mapLimited } from './limiter.ts'
export { descriptorOf } from './model/manifest.ts'
export { isForeignLayer, isManifestType } from './model/descriptor.ts'
export {
  formatRelativeName,
  nameBelow,
  parseRelativeName,
  referenceBelow,
  withoutHost,
} from './model/name.ts'
export {
  DOCKER_HUB,
  formatPrefix,
  isBelow,
  isHostLike,
  isRepository,
  isTag,
  joinPath,
  namesHost,
  parseAddress,
  parsePrefix,
  tagOrDigest,
  tryParseReference,
} from './model/reference.ts'
export { once } from './once.ts'
export { makeDirectory } from './machine/directory.ts'
export { fileFault } from './machine/file-fault.ts'
export { removeDrafts, replaceFile, SECRET_MODE, writeOutputFile } from './machine/output-file.ts'
export { findLogin, findOnlyLoginBelow, parseDockerConfig } from './remote/auth/docker-config.ts'
export { unifyProxies } from './remote/connection/proxy-environment.ts'
export { isLoopback } from './remote/connection/endpoint.ts'
export { isPrivateHost } from './remote/connection/private-address.ts'
export { parseRetryAfter } from './remote/http/failure.ts'
export { isPublicRegistry, quirksOf } from './remote/kind/quirks.ts'
export { fallbackTag } from './remote/referrers.ts'
export { createRegistries } from './remote/registries.ts'
export { readSystemStore } from './remote/connection/system-store.ts'
export { parseSourceMirror } from './remote/source-mirrors.ts'
export { recycle } from './machine/lent-memory.ts'
export { stateDirectory } from './machine/state-directory.ts'
export { NO_RETRY, PATIENT, countRetries, pause, withRetry } from './retry.ts'
export { partialPath, volumesOf } from './store/archive/archive-files.ts'
export { ArchiveWriter, discardBeginning } from './store/archive/archive-writer.ts'
export { planTar } from './store/archive/tar-plan.ts'
export { damaged } from './store/damage.ts'
export { EmptyTarget } from './store/empty-target.ts'
export { nameOf, formatIndex, namedEntry } from './store/layout/layout-content.ts'
export { deleteGarbage, findGarbage } from './store/layout/layout-garbage.ts'
export { isThere, readDocument, readError } from './store/layout/layout-files.ts'
export { LayoutReader, splitName } from './store/layout/layout-reader.ts'
export { digestHex } from './model/digest.ts'
export { fetchBytes } from './store/verify.ts'
export { compareText, decodeText, encodeLike } from './text.ts'
export { isRecord } from './value.ts'

export type { ManifestReader } from './store/manifest-reader.ts'
export type { AdmittedImage, CopyItem, EngineOptions, Referrer } from './copy/survey/item.ts'
export type { TransferPlan } from './copy/plan.ts'
export type { BlobDestination, BlobPlan } from './copy/presence.ts'
export type { Survey, ToCopy } from './copy/survey/survey.ts'
export type { RelativeName } from './model/name.ts'
export type { RegistryPrefix } from './model/reference.ts'
export type { DockerConfig } from './remote/auth/docker-config.ts'
export type { Clouds } from './remote/auth/login-credentials.ts'
export type { Registries, RegistriesOptions, Traffic } from './remote/registries.ts'
export type { RetryPolicy } from './retry.ts'
export type { TarContents } from './store/archive/tar-plan.ts'
export type { Call } from './store/content.ts'
export type { IndexEntry } from './store/layout/layout-content.ts'

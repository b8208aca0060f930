export { createContext } from './context.ts'
export { GpregError, isGpregError } from './errors.ts'
export { Sensitive } from './sensitive.ts'

export { MediaType } from './model/descriptor.ts'
export { isDigest, parseDigest } from './model/digest.ts'
export { digestOf } from './model/hash.ts'
export { childrenOf, parseManifest } from './model/manifest.ts'
export { formatPlatform, matchesPlatform, parsePlatform } from './model/platform.ts'
export { formatReference, parseReference } from './model/reference.ts'

export { attach, discover } from './artifact/attach.ts'
export { fetch, fetchBytes, fetchManifest, resolve } from './artifact/fetch.ts'
export { EMPTY_DESCRIPTOR, pack } from './artifact/pack.ts'
export { push } from './artifact/push.ts'
export { remove, tag, tags } from './artifact/tags.ts'
export { copy, executeCopy, planCopy } from './copy/copy.ts'
export { writeArchive } from './copy/archive/write-archive.ts'

export { openRemote } from './remote/remote.ts'
export { artifactIn } from './store/artifact.ts'
export {
  isDeleter,
  isIngester,
  isMounter,
  isReferrerLister,
  isRepositoryLister,
  isSizer,
  isTagLister,
  isUntagger,
  isWritable,
} from './store/capabilities.ts'
export { contentFrom } from './store/content.ts'
export { contentOf } from './store/stored-content.ts'
export { fileContent } from './store/file-content.ts'
export { Archive } from './store/archive/archive-reader.ts'
export { LayoutStore } from './store/layout/layout-store.ts'
export { MemoryStore } from './store/memory-store.ts'

export { CredentialStore } from './remote/auth/credential-store.ts'
export { loadCredentials } from './remote/auth/credentials.ts'
export { createRegistryServer } from './serve/server.ts'

export type { Context } from './context.ts'
export type { ErrorCode, ErrorDetails, ErrorSubject, Side } from './errors.ts'
export type { EventSink, OciEvent, WarningCode } from './events.ts'
export type { OperationOptions, ProgressOptions } from './operation.ts'

export type { Descriptor } from './model/descriptor.ts'
export type { Digest, DigestAlgorithm } from './model/digest.ts'
export type { ImageIndex, ImageManifest, Manifest, ManifestFields, ManifestNode } from './model/manifest.ts'
export type { Platform } from './model/platform.ts'
export type { Reference } from './model/reference.ts'

export type { AttachOptions, DiscoverOptions } from './artifact/attach.ts'
export type { FetchOptions, ResolveOptions } from './artifact/fetch.ts'
export type { PackOptions } from './artifact/pack.ts'
export type { PushOptions } from './artifact/push.ts'
export type { CopyOptions, CopyPair, CopyPlan } from './copy/copy.ts'
export type { WriteArchiveOptions, WrittenArchive } from './copy/archive/write-archive.ts'
export type { CopiedImage, CopyOutcome } from './copy/execute.ts'
export type { CarriedContent, CopyItem, FailedReferrer, Referrer } from './copy/survey/item.ts'
export type { TransferTotals } from './copy/transfer.ts'

export type { Remote, RemoteOptions } from './remote/remote.ts'
export type { Greeting } from './remote/http/client.ts'
export type { TlsOptions } from './remote/connection/tls-files.ts'
export type { RegistriesOptions } from './remote/registries.ts'
export type { SourceMirror } from './remote/source-mirrors.ts'
export type { RemoteRepository } from './remote/repository.ts'
export type { Artifact, Place } from './store/artifact.ts'
export type {
  Budget,
  Budgeted,
  Deleter,
  EmptinessProbe,
  Ingest,
  Ingester,
  Mounter,
  NamedReader,
  ReadAhead,
  ReferrerLister,
  ReferrersCall,
  Replacer,
  RepositoryLister,
  Sizer,
  TagLister,
  UnlessStoredPusher,
  Untagger,
  UnverifiedContent,
  UnverifiedFetcher,
  UploadRemover,
} from './store/capabilities.ts'
export type {
  ByteStream,
  Call,
  Content,
  FetchCall,
  Fetcher,
  Inspector,
  Pusher,
  ReadableRepository,
  Repository,
  Resolver,
  Store,
  Tagger,
} from './store/content.ts'

export type { Credential } from './remote/auth/credential.ts'
export type { Clouds } from './remote/auth/login-credentials.ts'
export type { Credentials, Environment } from './remote/auth/credentials.ts'
export type { CredentialPlace } from './remote/auth/credential-store.ts'
export type { Login, LoginSource, RepositoryCreator, ShortLogin } from './remote/auth/login-source.ts'
export type { ArchiveOptions } from './store/archive/archive-reader.ts'
export type { TarIndex } from './store/archive/tar-index.ts'
export type { Extent } from './store/archive/tar-members.ts'
export type { VolumeReader } from './store/archive/volumes.ts'
export type { Claim, ClaimOptions } from './store/claim.ts'
export type { IndexEntry, LayoutNames } from './store/layout/layout-content.ts'
export type { LayoutReader, ReadableLayoutRepository } from './store/layout/layout-reader.ts'
export type { LayoutDraft, LayoutRepository } from './store/layout/layout-store.ts'
export type { WritableLayoutRepository } from './store/layout/layout-writer.ts'
export type { MemoryRepository, StoredContent } from './store/memory-store.ts'
export type { RenewableTls, Tls } from './serve/tls-renewal.ts'
export type {
  AccessLogEntry,
  ListeningServer,
  RegistryServer,
  RegistryServerOptions,
} from './serve/server.ts'

import {
  addressOf,
  hostOfAddress,
  type HostedRegistry,
  type ObjectStorage,
  type RegistrySetup,
  type SecretRef,
} from '@gpreg/core'
import { GpregError, parseReference } from '@gpreg/oci'
import { parseAddress, tryParseReference } from '@gpreg/oci/engine'
import { isEcr, isLoopbackAddress, mirrorAddress, normaliseAddress, startsWithHost } from './address.ts'
import type { Choice, SecretRole } from './choice.ts'
import { assertDomain } from './domain.ts'
import { canHoldImages } from './image-name.ts'
import { kindSetup } from './kinds.ts'
import { isFlatHost, isPublicHost, wantedForm } from './known-hosts.ts'
import { CHART_DEMANDS, isAwsEndpoint, plainHttpSign } from './s3-endpoint.ts'

/** Everything about registries and storage that an installation's configuration says. */
export interface Installation {
  readonly domain?: string
  readonly registries: RegistrySetup
  /** undefined if the choice does not set the object storage */
  readonly objectStorage?: ObjectStorage
  /** Hosts that image builds may send credentials to, without paths. */
  readonly allowHosts: readonly string[]
  readonly workspaceImage?: string
  readonly dropImageRepo: boolean
  readonly ca?: SecretRef
  /** Warnings about the choice. */
  readonly warnings: readonly string[]
}

/** Default names of the Secrets, the same as in Gitpod's KOTS application. */
const SECRET_NAMES = { registry: 'container-registry', mirror: 'mirror-registry', ca: 'ca-certificate' }

/** @throws `usage` if the choice cannot work */
export function planInstallation(choice: Choice): Installation {
  if (choice.domain !== undefined) assertDomain(choice.domain)
  if (choice.workspaceImage !== undefined) parseReference(choice.workspaceImage)
  for (const host of choice.allowHosts ?? []) parseAddress(host)
  const secret = (role: SecretRole, usual: string): SecretRef => ({
    name: choice.secretNames?.[role] ?? usual,
  })
  const mirror = mirrorOf(choice, secret('mirror', SECRET_NAMES.mirror))
  const { workspaceRegistry, objectStorage } = kindSetup(choice, mirror?.address, secret)
  const workspaceImages =
    mirror !== undefined && choice.singleRegistry
      ? { ...mirror, credentials: secret('registry', SECRET_NAMES.registry) }
      : workspaceRegistry
  const source = mirror ?? { kind: 'public' as const }
  if ('address' in workspaceImages) assertTakesPushes(workspaceImages)
  for (const one of [mirror, workspaceImages]) {
    if (one !== undefined && 'address' in one)
      assertNamesImages(one, one === mirror && choice.dropImageRepo === true)
  }
  return {
    ...(choice.domain === undefined ? {} : { domain: choice.domain }),
    registries: { components: source, 'workspace-base': source, 'workspace-images': workspaceImages },
    ...(objectStorage === undefined ? {} : { objectStorage }),
    allowHosts: allowedHosts(choice, mirror),
    ...workspaceImageOf(choice, mirror),
    dropImageRepo: choice.dropImageRepo ?? false,
    ...(choice.privateCa ? { ca: secret('ca', SECRET_NAMES.ca) } : {}),
    warnings: [
      ...addressWarnings(mirror?.address, addressOf(workspaceImages)),
      ...flatWarnings(choice, mirror?.address),
      ...allowWarnings(choice, mirror?.address),
      ...storageWarnings(workspaceImages, objectStorage),
      ...regionWarnings(choice, objectStorage),
    ],
  }
}

function mirrorOf(choice: Choice, credentials: SecretRef): HostedRegistry | undefined {
  const single = choice.singleRegistry && choice.kind === 'external' ? choice.registry : undefined
  const text = choice.mirror ?? single
  if (text === undefined) {
    const needs = choice.singleRegistry
      ? '--single-registry'
      : choice.dropImageRepo
        ? '--drop-image-repo'
        : undefined
    if (needs === undefined) return undefined
    throw new GpregError('usage', `${needs} needs a registry to hold everything`, {
      hint: 'name it with --mirror HOST/PREFIX',
    })
  }
  const address = mirrorAddress(text)
  if (single !== undefined && normaliseAddress(single) !== address) {
    throw new GpregError('usage', `--single-registry, but ${text} and ${single} are two`, {
      hint: 'name one of them, or leave --single-registry out',
    })
  }
  return { kind: 'external', address, credentials }
}

/** The only hosts that image builds send credentials to. Docker Hub is always added, because the installer keeps it too. */
function allowedHosts({ allowHosts = [] }: Choice, mirror: HostedRegistry | undefined): string[] {
  if (allowHosts.length > 0) return [...new Set([...allowHosts, 'docker.io'])]
  return mirror === undefined ? [] : [...new Set([hostOfAddress(mirror.address), 'docker.io'])]
}

/**
 * Writes out the mirror's copy of the default image: `gpreg mirror --config` takes the original for it, and finds no image that the
 * configuration does not name. The installer would find it without.
 */
function workspaceImageOf(
  { workspaceImage, dropImageRepo }: Choice,
  mirror: HostedRegistry | undefined,
): { workspaceImage?: string } {
  if (workspaceImage !== undefined) return { workspaceImage }
  if (mirror === undefined) return {}
  return { workspaceImage: `${mirror.address}/${dropImageRepo ? '' : 'gitpod/'}workspace-full:latest` }
}

/** The installer panics on a repository that no image name can start with. */
function assertNamesImages({ address }: HostedRegistry, dropImageRepo: boolean): void {
  if (canHoldImages(address, dropImageRepo)) return
  const hint = canHoldImages(address, false)
    ? `--drop-image-repo takes only addresses in full: name the host and a path, such as registry.internal/gitpod, or leave the flag out`
    : 'write host[:port]/path with the name of the host in DNS, or its IPv4 address'
  throw new GpregError('usage', `no image name can start with ${address}: the installer panics on it`, {
    hint,
  })
}

function assertTakesPushes({ address }: HostedRegistry): void {
  if (!isEcr(address)) return
  throw new GpregError(
    'usage',
    `${hostOfAddress(address)} cannot serve workspace images: a login to ECR lasts 12 hours, and the installer keeps it in a Secret that nobody renews; ECR does not create repositories on push either`,
    { hint: 'use the in-cluster registry with S3 storage: gpreg values aws --region REGION --bucket BUCKET' },
  )
}

function addressWarnings(mirror: string | undefined, workspaceRegistry: string | undefined): string[] {
  const addresses = new Set([mirror, workspaceRegistry].filter(address => address !== undefined))
  return [
    ...(workspaceRegistry !== undefined && !startsWithHost(workspaceRegistry)
      ? [`${workspaceRegistry} has neither a dot nor a port: images would be looked for on docker.io`]
      : []),
    ...[...addresses].flatMap(address => {
      const form = wantedForm(address)
      return form === undefined ? [] : [`no image can be pushed to ${address}/NAME: write ${form}`]
    }),
    ...[...addresses]
      .filter(isLoopbackAddress)
      .map(address => `${address} is each pod itself: name the registry as pods and nodes reach it`),
    ...(mirror !== undefined && isEcr(mirror)
      ? [
          `logins to ${hostOfAddress(mirror)} last 12 hours: registry-facade pulls with a Secret that must be renewed`,
        ]
      : []),
  ]
}

function flatWarnings({ dropImageRepo }: Choice, mirror: string | undefined): string[] {
  if (mirror === undefined || dropImageRepo || !isFlatHost(mirror)) return []
  return [
    `${hostOfAddress(mirror)} allows no path below the namespace, as in ${mirror}/library/redis: give --drop-image-repo and mirror with --naming flat, or take another registry`,
  ]
}

function allowWarnings(
  { allowHosts = [], allowedBefore = [], workspaceImage }: Choice,
  mirror: string | undefined,
): string[] {
  const allowed = [...allowHosts, ...allowedBefore]
  const host = mirror && hostOfAddress(mirror)
  const imageHost = workspaceImage === undefined ? undefined : tryParseReference(workspaceImage)?.host
  const isPrivate = imageHost !== undefined && imageHost !== host && !isPublicHost(imageHost)
  return [
    ...(host && allowHosts.length > 0 && !allowed.includes(host)
      ? [`${host} is not among --allow-host: base images would be pulled from it without credentials`]
      : []),
    ...(isPrivate && !allowed.includes(imageHost)
      ? [
          `${workspaceImage} is pulled from ${imageHost} without credentials: give --allow-host ${imageHost}, unless anybody may pull there`,
        ]
      : []),
  ]
}

function regionWarnings(choice: Choice, storage: ObjectStorage | undefined): string[] {
  if (choice.kind !== 'aws' || storage?.kind !== 's3' || storage.region === choice.region) return []
  return [
    `--region ${choice.region} has no effect: the object storage is in the bucket of the registry, which is in ${storage.region}`,
  ]
}

/** Says before the first render what the installer's charts want of a store that is not one of AWS. */
function storageWarnings(
  registry: RegistrySetup['workspace-images'],
  storage: ObjectStorage | undefined,
): string[] {
  const bucket = registry.kind === 'in-cluster' ? registry.storage : undefined
  const backups = storage?.kind === 's3' ? plainHttpSign(storage.endpoint) : undefined
  return [
    ...(bucket === undefined || isAwsEndpoint(bucket.endpoint)
      ? []
      : [
          `${bucket.endpoint}: ${CHART_DEMANDS}; a store with plain HTTP, or MinIO without a KMS, cannot do that`,
        ]),
    ...(storage?.kind === 's3' && backups !== undefined
      ? [`${storage.endpoint} is asked by https, and ${backups} stands for plain HTTP`]
      : []),
  ]
}

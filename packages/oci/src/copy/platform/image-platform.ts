import type { Context } from '../../context.ts'
import { MediaType } from '../../model/descriptor.ts'
import type { ImageManifest } from '../../model/manifest.ts'
import { formatPlatform, matchesPlatform, type Platform } from '../../model/platform.ts'
import type { Call, Fetcher } from '../../store/content.ts'
import { fetchBytes } from '../../store/verify.ts'

/**
 * The platform that the config of an image names: a manifest itself has none.
 * https://github.com/opencontainers/image-spec/blob/main/config.md#properties
 * @returns undefined for an artifact that is no image, and for a config that names no platform
 */
export async function imagePlatform(
  fetcher: Fetcher,
  { config }: ImageManifest,
  call: Call = {},
): Promise<Platform | undefined> {
  if (config.mediaType !== MediaType.ociConfig && config.mediaType !== MediaType.dockerConfig)
    return undefined
  return platformIn(await fetchBytes(fetcher, config, call))
}

/** Warns if an image without an index is for another platform than those that are asked for. It is taken as it is. */
export async function warnOfOtherPlatform(
  fetcher: Fetcher,
  manifest: ImageManifest,
  { image, platforms }: { readonly image: string; readonly platforms: readonly Platform[] },
  context: Context,
): Promise<void> {
  const own = await imagePlatform(fetcher, manifest, { signal: context.signal })
  if (own === undefined || platforms.some(wanted => matchesPlatform(wanted, own))) return
  const message = `${image} is only for ${formatPlatform(own)}, not for ${platforms.map(formatPlatform).join(', ')}; it is taken as it is`
  context.emit({ type: 'warning', code: 'platform-missing', message, subject: { reference: image } })
}

function platformIn(config: Uint8Array): Platform | undefined {
  try {
    const document = JSON.parse(Buffer.from(config).toString()) as Record<string, unknown>
    const { os, architecture, variant, 'os.version': version } = document
    if (!isName(os) || !isName(architecture)) return undefined
    return {
      os,
      architecture,
      ...(isName(variant) ? { variant } : {}),
      ...(isName(version) ? { 'os.version': version } : {}),
    }
  } catch {
    return undefined
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

import { GpregError } from '../errors.ts'

/** https://github.com/opencontainers/image-spec/blob/main/image-index.md, `platform` */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
  /** of Windows, e.g. `10.0.20348.2227`; it does not count for {@link matchesPlatform} */
  readonly 'os.version'?: string
  /** of Windows, e.g. `win32k` */
  readonly 'os.features'?: readonly string[]
}

const PART = /^[a-z0-9_.-]+$/

/**
 * Reads `os/architecture[/variant]`, with the aliases that containerd's platforms package normalises.
 * @throws `usage`
 */
export function parsePlatform(text: string): Platform {
  const parts = text.trim().toLowerCase().split('/')
  if (parts.length < 2 || parts.length > 3 || !parts.every(part => PART.test(part))) {
    throw new GpregError('usage', `not a platform: ${JSON.stringify(text)}`, {
      hint: 'write os/architecture[/variant], e.g. linux/amd64 or linux/arm/v7',
    })
  }
  const [os, architecture, variant] = parts as [string, string, string?]
  return normalisePlatform({ os, architecture, ...(variant ? { variant } : {}) })
}

/** One spelling per platform: `x86_64` is `amd64`, `arm64/v8` is `arm64`, plain `arm` is `arm/v7`. */
export function normalisePlatform({ os, architecture, variant, ...rest }: Platform): Platform {
  const arch =
    { x86_64: 'amd64', 'x86-64': 'amd64', aarch64: 'arm64', i386: '386', armhf: 'arm', armel: 'arm' }[
      architecture
    ] ?? architecture
  const kind =
    arch === 'arm64' && (variant === '8' || variant === 'v8')
      ? undefined
      : arch === 'arm'
        ? architecture === 'armel'
          ? 'v6'
          : `v${(variant ?? '7').replace(/^v/, '')}`
        : arch === 'amd64' && variant === 'v1'
          ? undefined
          : variant
  return { os, architecture: arch, ...(kind ? { variant: kind } : {}), ...rest }
}

/** Whether the platform `offered` satisfies `wanted`. A wanted platform without a variant takes every variant of a 64-bit architecture. */
export function matchesPlatform(wanted: Platform, offered: Platform): boolean {
  const a = normalisePlatform(wanted)
  const b = normalisePlatform(offered)
  return (
    a.os === b.os && a.architecture === b.architecture && (a.variant === undefined || a.variant === b.variant)
  )
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant ? `${os}/${architecture}/${variant}` : `${os}/${architecture}`
}

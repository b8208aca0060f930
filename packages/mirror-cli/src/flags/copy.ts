import type { MirrorOptions } from '@gpreg/core'
import { GpregError, parsePlatform } from '@gpreg/oci'
import { Flags, type Interfaces } from '../oclif.ts'
import { parseByteSize } from './byte-size.ts'
import { defined } from './defined.ts'
import { withEnvironment } from './environment.ts'

const helpGroup = 'CONTENT'

export const referrersFlag = withEnvironment({
  'no-referrers': Flags.boolean({ helpGroup, description: 'leave signatures, attestations and SBOMs aside' }),
  'require-referrers': Flags.boolean({
    helpGroup,
    exclusive: ['no-referrers'],
    description:
      'fail an image if a signature, an attestation or an SBOM of it cannot be found out or copied',
  }),
})

export const platformFlag = withEnvironment({
  platform: Flags.string({
    helpGroup,
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'OS/ARCH',
    description:
      'only this platform of a multi-platform image, e.g. linux/amd64; changes the digest of the index',
  }),
})

/** The flag that limits the speed of a copy. */
export const rateFlag = withEnvironment({
  'limit-rate': Flags.string({
    helpGroup: 'REGISTRIES',
    helpValue: 'BYTES',
    description: 'at most so many bytes a second, all connections together, e.g. 20MiB',
  }),
})

export const untaggedFlag = withEnvironment({
  untagged: Flags.boolean({
    helpGroup,
    description:
      'give images that are named by digest alone no tag gpreg-<digest>, which keeps them from garbage collection',
  }),
})

export const foreignFlag = withEnvironment({
  'foreign-layers': Flags.boolean({
    helpGroup,
    description:
      'take foreign (Windows) layers along where the source has them; their URLs are never fetched',
  }),
})

export const repairFlag = withEnvironment({
  repair: Flags.boolean({
    helpGroup,
    description: 'look below tags that are up to date, too, and send what the target has lost',
  }),
  deep: Flags.boolean({
    helpGroup,
    dependsOn: ['repair'],
    description: 'with --repair: read back what the target has, too, and replace what is damaged',
  }),
})

/** The flags that say which parts of an image are copied, and how fast. */
export const copyFlags = {
  ...platformFlag,
  ...referrersFlag,
  ...repairFlag,
  ...untaggedFlag,
  ...foreignFlag,
  ...rateFlag,
  ...withEnvironment({
    'refresh-referrers': Flags.boolean({
      helpGroup,
      exclusive: ['no-referrers'],
      description: 'look for new signatures on images that are up to date, too',
    }),
  }),
}

type CopyFlags = Partial<Interfaces.InferredFlags<typeof copyFlags>>

/** @throws `usage` */
export function copyOptions(flags: CopyFlags): MirrorOptions {
  return defined({
    platforms: flags.platform?.map(parsePlatform),
    referrers: flags['no-referrers'] ? false : undefined,
    requireReferrers: flags['require-referrers'] || undefined,
    repair: flags.repair || undefined,
    deep: flags.deep || undefined,
    digestTags: flags.untagged ? false : undefined,
    foreignLayers: flags['foreign-layers'] || undefined,
    refreshReferrers: flags['refresh-referrers'] || undefined,
    limitRate: flags['limit-rate'] === undefined ? undefined : parseRate(flags['limit-rate']),
  })
}

/** In bytes a second. Less than this is a number whose unit was forgotten: no layer would come through. */
const SLOWEST = 1024

/**
 * Bytes a second, with or without `/s`.
 * @throws `usage`
 */
export function parseRate(text: string): number {
  const rate = parseByteSize(text.replace(/\/s$/i, ''))
  if (rate !== undefined && rate < SLOWEST)
    throw new GpregError('usage', `${JSON.stringify(text)} is ${rate} bytes a second`, {
      hint: `write a unit, e.g. --limit-rate ${rate}MiB`,
    })
  if (rate !== undefined) return rate
  throw new GpregError('usage', `not a rate: ${JSON.stringify(text)}`, {
    hint: 'write bytes a second with a unit, e.g. --limit-rate 20MiB',
  })
}

import { parsePlatform, type MirrorOptions } from '@gpreg/core'
import { Flags, type Interfaces } from '@oclif/core'
import { defined } from './defined.ts'
import { withEnvironment } from './environment.ts'

const helpGroup = 'CONTENT'

export const referrersFlag = withEnvironment({
  'no-referrers': Flags.boolean({ helpGroup, description: 'leave signatures, attestations and SBOMs aside' }),
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

/** What of an image is meant. */
export const copyFlags = {
  ...platformFlag,
  ...referrersFlag,
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
    refreshReferrers: flags['refresh-referrers'] || undefined,
  })
}

import { Flags } from '../oclif.ts'
import { withEnvironment } from './environment.ts'

export const namingFlag = withEnvironment({
  naming: Flags.option({
    helpGroup: 'TARGET',
    multiple: true,
    multipleNonGreedy: true,
    options: ['installer', 'flat', 'source'] as const,
    description:
      'target names: as gitpod-installer makes them (default), the last path segment only (KOTS, dropImageRepo), or the whole upstream path; several publish the same content under each',
  })(),
})

/** The flags that name the target registry, and choose the names of images in it. */
export const targetFlags = {
  ...withEnvironment({
    to: Flags.string({
      helpGroup: 'TARGET',
      helpValue: 'HOST[:PORT]/PREFIX',
      description: 'the internal registry, and the path below which images are kept',
    }),
  }),
  ...namingFlag,
}

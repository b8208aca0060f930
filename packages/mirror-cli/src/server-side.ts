import type { Context, ImageSet, Importer } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { openImporter } from './clouds.ts'
import { withEnvironment } from './flags/environment.ts'
import { Flags, type Interfaces } from './oclif.ts'

export const serverSideFlag = withEnvironment({
  'server-side': Flags.boolean({
    // A registry that fetches by itself asks nobody for signatures, and all for the same images.
    exclusive: ['dry-run', 'platform', 'foreign-layers', 'shard', 'verify-key', 'verify-identity'],
    description:
      'let the target fetch the images from their public sources by itself (Azure Container Registry only); what it does not fetch is copied, with a warning',
  }),
})

/**
 * What lets the target of a set fetch images by itself, if the flag wants that.
 * @throws `usage` if the set has several targets, or the target cannot fetch images; the errors of its cloud
 */
export async function importerOf(
  flags: Interfaces.InferredFlags<typeof serverSideFlag>,
  { images }: ImageSet,
  context: Context,
): Promise<Importer | undefined> {
  if (!flags['server-side']) return undefined
  const hosts = new Set(images.flatMap(({ target }) => (target === undefined ? [] : [target.host])))
  const [host] = hosts
  if (host !== undefined && hosts.size === 1) return openImporter(host, context)
  throw new GpregError('usage', `--server-side needs one registry as the target, not ${hosts.size}`, {
    hint: 'name it with --to HOST/PREFIX',
  })
}

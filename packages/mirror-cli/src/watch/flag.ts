import { GpregError } from '@gpreg/oci'
import { parseDuration } from '../flags/duration.ts'
import { withEnvironment } from '../flags/environment.ts'
import { Flags } from '../oclif.ts'

export const watchFlag = withEnvironment({
  watch: Flags.string({
    helpGroup: 'WATCH',
    helpValue: 'TIME',
    exclusive: ['dry-run', 'shard', 'server-side'],
    description:
      'do not end, but look again after this time, e.g. 15m: tags that have moved are copied, and an image that has not changed costs one request',
  }),
})

const SHORTEST = 1_000

/**
 * @returns milliseconds; undefined without the flag
 * @throws `usage`
 */
export function watchInterval({ watch }: { readonly watch?: string | undefined }): number | undefined {
  if (watch === undefined) return undefined
  const interval = parseDuration(watch)
  if (interval >= SHORTEST) return interval
  throw new GpregError('usage', `--watch ${watch} would ask the registries without a pause`, {
    hint: 'name the time between two looks, e.g. --watch 15m',
  })
}

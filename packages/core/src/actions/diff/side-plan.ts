import { GpregError } from '@gpreg/oci'
import type { RegistryPrefix } from '@gpreg/oci/engine'
import { openBundle } from '../../bundle/bundle.ts'
import { collectImageSet } from '../../gitpod/collect.ts'
import { planLoad } from '../bundle/load.ts'
import { planMirror, type MirrorPlan } from '../mirror-plan.ts'
import { recogniseSide, type SideOptions, type SideWorld } from './side.ts'

/**
 * What a registry lacks now of a release, a lock or a bundle. Nothing is written.
 * @throws `usage` for a receipt or a registry, which are no source of a copy
 */
export async function planSide(
  name: string,
  to: RegistryPrefix,
  { namings, ...options }: SideOptions,
  world: SideWorld,
): Promise<MirrorPlan> {
  const side = await recogniseSide(name)
  const { registries, context } = world
  if (side.kind === 'bundle') {
    await using bundle = await openBundle([side.name], undefined, context)
    return planLoad(bundle, { to }, registries, {}, context)
  }
  if (side.kind !== 'release' && side.kind !== 'lock')
    throw new GpregError('usage', `a ${side.kind} is nothing that --to could be filled from`, {
      hint: 'compare with a release, a lock or a bundle',
    })
  const request = { [side.kind]: side.name, to, ...(namings === undefined ? {} : { namings }) }
  return planMirror(await collectImageSet(request, world), registries, options, context)
}

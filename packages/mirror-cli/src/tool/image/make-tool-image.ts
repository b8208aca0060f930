import type { World } from '../../composition.ts'
import type { Interfaces } from '../../oclif.ts'
import type { ToolImageFlags } from './flags.ts'
import { openBase } from './base/base-image.ts'
import { findNodes } from './node-binaries.ts'
import { createToolImage, type ToolImage } from './tool-image.ts'

/** Makes the image of this very command, as the flags say. @throws as {@link createToolImage} and {@link findNodes} */
export async function makeToolImage(
  { base, node = [] }: Partial<ToolImageFlags>,
  { root, version, pjson }: Pick<Interfaces.Config, 'root' | 'version' | 'pjson'>,
  { registries, context }: World,
): Promise<ToolImage> {
  return createToolImage(
    {
      root,
      version,
      description: pjson.description ?? '',
      // The same gpreg makes the same image, whenever it does.
      created: new Date(0),
      nodes: await findNodes(node, root),
      ...(base === undefined ? {} : { base: openBase(base, registries) }),
    },
    context,
  )
}

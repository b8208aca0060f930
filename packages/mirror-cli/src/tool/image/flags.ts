import { withEnvironment } from '../../flags/environment.ts'
import { Flags, type Interfaces } from '../../oclif.ts'

/** The name of gpreg's own image below any prefix. */
export const IMAGE_NAME = 'gpreg'

const helpGroup = 'IMAGE OF GPREG'

/**
 * The flags that say what gpreg's own image is made of.
 * @param dependsOn the flag that asks for the image, if the command makes it only then
 */
export const toolImageFlags = (...dependsOn: string[]) =>
  withEnvironment({
    base: Flags.string({
      helpGroup,
      helpValue: 'REF',
      dependsOn,
      description:
        'put Node and gpreg on this image, for each of its platforms that a Node is at hand for; default: on the libraries of this machine',
    }),
    node: Flags.string({
      helpGroup,
      helpValue: 'FILE',
      dependsOn,
      multiple: true,
      multipleNonGreedy: true,
      description: 'bin/node of a Node for Linux, for another platform; default: the Node that runs this',
    }),
  })

export type ToolImageFlags = Interfaces.InferredFlags<ReturnType<typeof toolImageFlags>>

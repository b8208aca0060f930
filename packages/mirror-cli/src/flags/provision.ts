import { Flags, type Interfaces } from '../oclif.ts'
import { withEnvironment } from './environment.ts'

const outputs = { helpGroup: 'OUTPUT' } as const

/** The flags of `gpreg provision` for every cloud. */
export const provisionFlags = withEnvironment({
  installation: Flags.string({
    helpValue: 'NAME',
    default: 'gitpod',
    description: 'names and tags of what is made derive from it',
  }),
  'dry-run': Flags.boolean({ description: 'only print what would be changed' }),
  yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
  rotate: Flags.boolean({
    exclusive: ['destroy'],
    description: 'make new credentials; the old ones work until the next --rotate',
  }),
  destroy: Flags.boolean({ description: 'remove what gpreg made, and nothing else' }),
  output: Flags.string({
    ...outputs,
    char: 'o',
    helpValue: 'FILE',
    default: 'provision.json',
    description: 'where what was made is described, for gpreg values --from; no secret is in it',
  }),
  'secrets-file': Flags.string({
    ...outputs,
    helpValue: 'FILE',
    description: 'where the credentials go, mode 0600; keep it: the next run looks there first',
  }),
})

export type ProvisionFlags = Interfaces.InferredFlags<typeof provisionFlags>

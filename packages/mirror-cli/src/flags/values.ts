import type { CommonChoice, SecretRole } from '@gpreg/values-gen'
import { GpregError } from '@gpreg/oci'
import { Flags, type Interfaces } from '../oclif.ts'
import { defined } from './defined.ts'
import { withEnvironment } from './environment.ts'

const VALUES_FORMATS = ['installer', 'kots', 'env'] as const

const repeatable = { multiple: true, multipleNonGreedy: true } as const
const inputs = { helpGroup: 'INPUT' } as const
const outputs = { helpGroup: 'OUTPUT' } as const

/** The flags of every kind of `gpreg values`. */
export const valuesFlags = withEnvironment({
  domain: Flags.string({ helpValue: 'DOMAIN', description: 'where Gitpod will be, e.g. gitpod.example.com' }),
  mirror: Flags.string({
    helpValue: 'HOST/PREFIX',
    description: 'where gpreg mirror has brought the images: everything that they need is set',
  }),
  'mirror-credentials': Flags.string({
    helpValue: 'FILE|-',
    description: 'login that can pull from the mirror: docker config.json, or {"username","password"}',
    relationships: [{ type: 'some', flags: ['mirror', 'single-registry'] }],
  }),
  'single-registry': Flags.boolean({
    description: 'the mirror serves all three purposes: workspace images are pushed to it too',
  }),
  'drop-image-repo': Flags.boolean({
    description: 'images have their last name only below the mirror (gpreg mirror --naming flat)',
  }),
  'ca-file': Flags.string({
    helpValue: 'FILE',
    description: 'the private authority (PEM) that the certificates of the registries are from',
  }),
  'workspace-image': Flags.string({
    helpValue: 'REF',
    description: 'what workspaces start from; default with --mirror: its gitpod/workspace-full:latest',
  }),
  'allow-host': Flags.string({
    ...repeatable,
    helpValue: 'HOST',
    description: 'image builds may send credentials to this host; default: the host of the mirror',
  }),
  release: Flags.string({
    helpValue: 'RELEASE',
    description: 'the release of Gitpod that the configuration is for; default: the newest',
  }),
  'from-terraform': Flags.string({
    ...inputs,
    helpValue: 'FILE|-',
    description: "terraform output -json of Gitpod's own modules",
  }),
  from: Flags.string({
    ...inputs,
    helpValue: 'FILE',
    exclusive: ['from-terraform'],
    description: 'what gpreg provision wrote',
  }),
  base: Flags.string({
    ...inputs,
    helpValue: 'FILE',
    description: 'an existing gitpod.config.yaml: only what concerns registries changes, comments stay',
  }),
  diff: Flags.boolean({
    ...outputs,
    dependsOn: ['base'],
    description: 'print what would change in --base, as a unified diff',
  }),
  format: Flags.option({
    ...outputs,
    options: VALUES_FORMATS,
    default: 'installer' as const,
    description:
      'gitpod.config.yaml, KOTS ConfigValues, or variables for config build-from-envvars (2022.09 and later)',
  })(),
  secrets: Flags.string({
    ...outputs,
    helpValue: 'DIR',
    description: 'write the Kubernetes Secrets that the configuration names into this directory, mode 0600',
  }),
  namespace: Flags.string({
    ...outputs,
    helpValue: 'NAME',
    description: 'namespace of the installation: that of the Secrets, and of the commands that follow',
  }),
  'secret-name': Flags.string({
    ...outputs,
    ...repeatable,
    helpValue: 'ROLE=NAME',
    description: 'name of a Secret; ROLE is registry, storage, mirror or ca',
  }),
  output: Flags.string({
    ...outputs,
    char: 'o',
    helpValue: 'FILE|-',
    description: 'where it goes; formats that hold secrets want a file (mode 0600), or - for stdout',
  }),
})

export type ValuesFlags = Interfaces.InferredFlags<typeof valuesFlags>

/** @throws `usage` */
export function commonChoice(flags: ValuesFlags): CommonChoice {
  return defined({
    domain: flags.domain,
    mirror: flags.mirror,
    singleRegistry: flags['single-registry'] || undefined,
    dropImageRepo: flags['drop-image-repo'] || undefined,
    workspaceImage: flags['workspace-image'],
    allowHosts: flags['allow-host'],
    privateCa: flags['ca-file'] !== undefined || undefined,
    secretNames: flags['secret-name'] && Object.fromEntries(flags['secret-name'].map(parseSecretName)),
  })
}

const ROLES: readonly SecretRole[] = ['registry', 'storage', 'mirror', 'ca']

function parseSecretName(text: string): [SecretRole, string] {
  const [, role, name] = /^(\w+)=([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)$/.exec(text) ?? []
  const known = ROLES.find(one => one === role)
  if (known !== undefined && name !== undefined) return [known, name]
  throw new GpregError('usage', `--secret-name ${JSON.stringify(text)} is not ROLE=NAME`, {
    hint: `ROLE is one of ${ROLES.join(', ')}; NAME is that of a Kubernetes Secret: lower case, digits, - and .`,
  })
}

/**
 * Refuses a namespace that Kubernetes would refuse.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
 * @throws `usage`
 */
export function assertNamespace(text = 'default'): void {
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) return
  throw new GpregError('usage', `--namespace ${JSON.stringify(text)} is no namespace that Kubernetes takes`, {
    hint: 'write at most 63 lower case letters, digits and hyphens, with a letter or a digit at both ends',
  })
}

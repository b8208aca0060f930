import type { ImageSetRequest } from '@gpreg/core'
import { parsePrefix } from '@gpreg/oci/engine'
import { Flags, type Interfaces } from '../oclif.ts'
import { defined } from './defined.ts'
import { withEnvironment } from './environment.ts'
import type { targetFlags } from './target.ts'

const helpGroup = 'IMAGE SET'
const repeatable = { helpGroup, multiple: true, multipleNonGreedy: true } as const

/** The flags that name the sources of the list of images. With several flags, the lists are joined. */
export const imageSetFlags = withEnvironment({
  release: Flags.string({
    helpGroup,
    helpValue: 'VERSION',
    description: 'a Gitpod release, e.g. release-2022.11.3',
  }),
  versions: Flags.string({ helpGroup, helpValue: 'FILE', description: 'a versions manifest on disk' }),
  catalogue: Flags.string({
    helpGroup,
    helpValue: 'RELEASE',
    description: 'whose third-party images go with it, e.g. 2022.11.3, where the manifest does not tell',
  }),
  images: Flags.string({
    ...repeatable,
    helpValue: 'FILE|-',
    description:
      'a list: a reference a line, SOURCE=TARGET, or what gitpod-installer, skopeo, hauler, zarf, oc-mirror, … write',
  }),
  manifests: Flags.string({
    ...repeatable,
    helpValue: 'PATH|-',
    description: 'rendered Kubernetes YAML: a file, a directory, stdin',
  }),
  chart: Flags.string({
    ...repeatable,
    helpValue: 'DIR|FILE.tgz',
    description: 'a Helm chart: rendered if helm is installed, else its values.yaml',
  }),
  'chart-values': Flags.string({
    ...repeatable,
    helpValue: 'FILE',
    description: 'values for the charts, as helm template -f takes them',
    dependsOn: ['chart'],
  }),
  'workspace-repo': Flags.string({
    ...repeatable,
    helpValue: 'DIR',
    description:
      'images of a repository, or of each repository in a directory: .gitpod.yml and its Dockerfile',
  }),
  'workspace-files': Flags.option({
    ...repeatable,
    delimiter: ',',
    options: ['devcontainer', 'compose'] as const,
    description: 'read these files of --workspace-repo, too; Gitpod itself does not',
    dependsOn: ['workspace-repo'],
  })(),
  image: Flags.string({
    ...repeatable,
    helpValue: 'REF',
    description: 'one more image, e.g. gitpod/workspace-full:latest',
  }),
  lock: Flags.string({
    helpGroup,
    helpValue: 'FILE',
    description: 'a lock that gpreg lock wrote: exact digests',
  }),
  config: Flags.string({
    helpGroup,
    helpValue: 'FILE',
    description: 'a gitpod.config.yaml: target, base image and naming as the installer will use them',
  }),
  exclude: Flags.string({ ...repeatable, helpValue: 'GLOB', description: "leave out, e.g. '*/ide/rider:*'" }),
  purpose: Flags.option({
    ...repeatable,
    options: ['components', 'workspace-base'] as const,
    description: 'only images for this purpose',
  })(),
})

export type ImageSetFlags = Interfaces.InferredFlags<typeof imageSetFlags & typeof targetFlags>

/** @throws `usage` if `--to` is not the address of a registry */
export function imageSetRequest(flags: ImageSetFlags): ImageSetRequest {
  return defined({
    release: flags.release,
    versions: flags.versions,
    catalogue: flags.catalogue,
    images: flags.images,
    manifests: flags.manifests,
    charts: flags.chart,
    chartValues: flags['chart-values'],
    workspaceRepos: flags['workspace-repo'],
    workspaceFiles: flags['workspace-files'],
    image: flags.image,
    lock: flags.lock,
    config: flags.config,
    exclude: flags.exclude,
    purposes: flags.purpose,
    to: flags.to === undefined ? undefined : parsePrefix(flags.to),
    namings: flags.naming,
  })
}

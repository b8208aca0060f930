import { basename } from 'node:path'
import { isRecord } from '@gpreg/oci/engine'
import { documentKind } from '../../../document-kinds.ts'
import { isText } from './kubernetes-object.ts'

/** Content that is no Kubernetes object: what it is, and the next step. */
export interface ForeignContent {
  /** e.g. `a Compose file` */
  readonly what: string
  readonly hint: string
}

interface Kind extends ForeignContent {
  matches(root: Root, name: string): boolean
}

type Root = Readonly<Record<string, unknown>>

const RENDER = 'give what `helm template`, `kustomize build` or `gitpod-installer render` prints'
const WITH_IMAGES = 'gpreg images --images FILE reads it'
const BY_NAME = 'name its images with --image, or in a list with --images'

const api = (group: string, kind?: string) => (root: Root) =>
  isText(root.apiVersion) &&
  root.apiVersion.startsWith(`${group}/`) &&
  (kind === undefined || root.kind === kind)
const keys =
  (...names: readonly string[]) =>
  (root: Root) =>
    names.every(name => name in root)
const file = (pattern: RegExp) => (_root: Root, name: string) => pattern.test(name)

/** Documents that have `apiVersion` and `kind` as Kubernetes objects do, but are files of a tool. */
const LOOK_ALIKES: readonly Kind[] = [
  {
    matches: api('mirror.openshift.io', 'ImageSetConfiguration'),
    what: 'an oc-mirror ImageSetConfiguration',
    hint: '--images FILE reads its additionalImages; for all of it, give --images the mapping.txt that `oc-mirror --dry-run` writes',
  },
  { matches: api('mirror.openshift.io'), what: 'a file of oc-mirror', hint: WITH_IMAGES },
  {
    matches: api('kustomize.config.k8s.io'),
    what: 'a Kustomization',
    hint: 'kustomize build DIR | gpreg images --manifests -',
  },
  { matches: api('content.hauler.cattle.io'), what: 'a hauler manifest', hint: WITH_IMAGES },
  { matches: api('collection.hauler.cattle.io'), what: 'a hauler manifest', hint: WITH_IMAGES },
  { matches: api('imgpkg.carvel.dev'), what: 'a lock file of imgpkg', hint: WITH_IMAGES },
  {
    matches: api('kbld.k14s.io'),
    what: 'a configuration of kbld',
    hint: 'kbld -f DIR | gpreg images --manifests -',
  },
  { matches: api('vendir.k14s.io'), what: 'a configuration of vendir', hint: RENDER },
  {
    matches: api('skaffold'),
    what: 'a configuration of Skaffold',
    hint: 'skaffold render | gpreg images --manifests -',
  },
  { matches: api('backstage.io'), what: 'a catalogue of Backstage', hint: RENDER },
  { matches: root => /^Zarf/.test(String(root.kind)), what: 'a Zarf package', hint: WITH_IMAGES },
  {
    matches: root =>
      root.apiVersion === 'v1' && /^(?:Full|IDE|WebApp|Meta|Workspace)$/.test(String(root.kind)),
    what: 'a configuration of the Gitpod installer',
    hint: '--config FILE reads it, and `gitpod-installer render` makes manifests of it',
  },
]

const OTHERS: readonly Kind[] = [
  {
    matches: (root, name) =>
      /^kustomization\.ya?ml$/i.test(name) ||
      (Array.isArray(root.resources) &&
        root.resources.some(isText) &&
        !('kind' in root && 'apiVersion' in root)),
    what: 'a Kustomization',
    hint: 'kustomize build DIR | gpreg images --manifests -',
  },
  {
    matches: root =>
      keys('apiVersion', 'name', 'version')(root) || ('dependencies' in root && 'digest' in root),
    what: 'a file of a Helm chart',
    hint: '--chart DIR reads the chart',
  },
  {
    matches: file(/^(?:Chart\.ya?ml|Chart\.lock|requirements\.ya?ml)$/),
    what: 'a file of a Helm chart',
    hint: '--chart DIR reads the chart',
  },
  {
    matches: root => isRecord(root.components) && isText(root.version),
    what: 'a versions manifest of Gitpod',
    hint: '--versions FILE reads it',
  },
  {
    matches: root =>
      isText(root.domain) && ('apiVersion' in root || 'certificate' in root || 'repository' in root),
    what: 'a configuration of the Gitpod installer',
    hint: '--config FILE reads it',
  },
  {
    matches: file(/^\.gitpod\.ya?ml$/),
    what: 'a .gitpod.yml',
    hint: '--workspace-repo DIR reads the repository that it lies in',
  },
  {
    matches: file(/^\.?devcontainer\.json$/),
    what: 'a devcontainer.json',
    hint: '--workspace-repo DIR reads the repository that it lies in',
  },
  {
    matches: root => '$schema' in root && /json-schema\.org/.test(String(root.$schema)),
    what: 'a JSON schema',
    hint: RENDER,
  },
  {
    matches: root => root.type === 'object' && isRecord(root.properties),
    what: 'a JSON schema',
    hint: RENDER,
  },
  {
    matches: root => 'openapi' in root || 'swagger' in root,
    what: 'a description of an HTTP interface',
    hint: RENDER,
  },
  {
    matches: root => ('on' in root || 'true' in root) && isRecord(root.jobs),
    what: 'a workflow of GitHub Actions',
    hint: BY_NAME,
  },
  {
    matches: (root, name) => /gitlab-ci/.test(name) || (Array.isArray(root.stages) && !('kind' in root)),
    what: 'a pipeline of GitLab or Azure',
    hint: BY_NAME,
  },
  {
    matches: file(
      /^(?:\.travis|azure-pipelines|bitbucket-pipelines|\.drone|cloudbuild|buildspec|appveyor|Taskfile|\.pre-commit-config)\.ya?ml$/,
    ),
    what: 'a file of a CI system',
    hint: BY_NAME,
  },
  {
    matches: root =>
      ('pool' in root && 'steps' in root) ||
      'pipelines' in root ||
      root.kind === 'pipeline' ||
      ('workflows' in root && 'jobs' in root),
    what: 'a file of a CI system',
    hint: BY_NAME,
  },
  {
    matches: root =>
      isRecord(root.services) && Object.values(root.services).every(service => isRecord(service)),
    what: 'a Compose file',
    hint: 'docker compose config --images | gpreg images --images -',
  },
  {
    matches: root =>
      Object.values(root).some(
        registry =>
          isRecord(registry) &&
          (isRecord(registry.images) || 'images-by-tag-regex' in registry || 'images-by-semver' in registry),
      ) &&
      Object.keys(root).every(host => /^[\w.-]+(?::\d+)?$/.test(host)) &&
      Object.keys(root).some(host => /[.:]/.test(host)),
    what: 'a list of skopeo sync',
    hint: WITH_IMAGES,
  },
  {
    matches: keys('schemaVersion'),
    what: 'a manifest of an image',
    hint: 'name the image itself with --image',
  },
  {
    matches: (_root, name) => /^(?:package(?:-lock)?|tsconfig.*|renovate|composer)\.json$/.test(name),
    what: 'a file of a development tool',
    hint: RENDER,
  },
  {
    matches: file(/values.*\.ya?ml$|\.values\.ya?ml$/i),
    what: 'values of a Helm chart',
    hint: '--chart DIR reads the chart, with its values',
  },
]

/** What a document is that is a map with `apiVersion` and `kind`, but nothing that Kubernetes knows. */
export function lookAlike(value: unknown): ForeignContent | undefined {
  return isRecord(value) ? LOOK_ALIKES.find(({ matches }) => matches(value, '')) : undefined
}

/** What a document is that is no Kubernetes object. */
export function foreignContent(value: unknown, path: string): ForeignContent {
  const name = basename(path)
  if (Array.isArray(value)) {
    const isList =
      value.length > 0 && value.every(item => isText(item) || (isRecord(item) && isText(item.original)))
    return isList ? { what: 'a list of images', hint: WITH_IMAGES } : { what: 'a list', hint: RENDER }
  }
  if (!isRecord(value)) return { what: 'text', hint: RENDER }
  const ours = documentKind(value['kind'])
  if (ours !== undefined) return ours
  const known = [...LOOK_ALIKES, ...OTHERS].find(({ matches }) => matches(value, name))
  if (known !== undefined) return known
  const missing = ['apiVersion', 'kind'].filter(key => !isText(value[key]))
  return { what: `no Kubernetes object: it has no ${missing.join(' and ')}`, hint: RENDER }
}

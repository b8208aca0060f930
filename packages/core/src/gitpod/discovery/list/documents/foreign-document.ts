import { documentKind } from '../../../../document-kinds.ts'
import type { DocumentView } from './document-view.ts'

/** A document that is known, but no list of images: what it is, and what reads it. */
export interface ForeignDocument {
  readonly what: string
  readonly hint: string
}

interface Kind extends ForeignDocument {
  matches(root: DocumentView): boolean
}

const has =
  (...keys: readonly string[]) =>
  (root: DocumentView) =>
    keys.every(key => root.keys.includes(key))
const hasAny =
  (...keys: readonly string[]) =>
  (root: DocumentView) =>
    keys.some(key => root.keys.includes(key))

const KINDS: readonly Kind[] = [
  {
    matches: root =>
      /^kustomize\.config\.k8s\.io\//.test(root.at('apiVersion').text ?? '') ||
      (root.at('kind').text === 'Kustomization' && !root.keys.includes('spec')) ||
      (root.at('resources').items.some(({ text }) => text !== undefined) && !root.keys.includes('kind')),
    what: 'a kustomization',
    hint: 'kustomize build DIR | gpreg images --manifests -',
  },
  {
    matches: root =>
      /^(?:config|operator)\.openshift\.io\//.test(root.at('apiVersion').text ?? '') && hasAny('spec')(root),
    what: 'a resource of OpenShift',
    hint: 'name the images themselves; rules for mirrors name none',
  },
  {
    matches: root => root.at('apiVersion').text?.startsWith('skaffold/') === true,
    what: 'a configuration of Skaffold',
    hint: 'skaffold render | gpreg images --manifests -',
  },
  {
    matches: has('apiVersion', 'kind'),
    what: 'a Kubernetes object',
    hint: '--manifests FILE reads Kubernetes objects',
  },
  {
    matches: root => root.at('components').isMap,
    what: 'a versions manifest of Gitpod',
    hint: '--versions FILE reads it',
  },
  {
    matches: has('domain', 'certificate'),
    what: 'a configuration of the Gitpod installer',
    hint: '--config FILE reads it',
  },
  {
    matches: root => root.at('services').isMap,
    what: 'a Compose file',
    hint: 'docker compose config --images | gpreg images --images -',
  },
  {
    matches: root => root.at('tasks').items.some(task => hasAny('mappings', 'target')(task)),
    what: 'a configuration of dregsy',
    hint: 'name the images of its mappings, one a line',
  },
  {
    matches: root => root.at('tasks').isMap,
    what: 'a Taskfile',
    hint: 'name its images with --image, or one a line in a list',
  },
  {
    matches: root =>
      root.at('tasks').items.some(hasAny('before', 'init', 'prebuild', 'command')) ||
      hasAny('vscode', 'github', 'jetbrains', 'checkoutLocation')(root) ||
      has('image', 'ports')(root),
    what: 'a .gitpod.yml',
    hint: '--workspace-repo DIR reads the repository that it lies in',
  },
  {
    matches: hasAny(
      'devcontainer',
      'customizations',
      'features',
      'dockerComposeFile',
      'postCreateCommand',
      'remoteUser',
    ),
    what: 'a devcontainer.json',
    hint: '--workspace-repo DIR reads the repository that it lies in',
  },
  {
    matches: root => root.at('image', 'file').text !== undefined,
    what: 'a .gitpod.yml',
    hint: '--workspace-repo DIR reads the repository that it lies in',
  },
  {
    matches: isPipeline,
    what: 'a file of a CI system',
    hint: 'name its images with --image, or one a line in a list',
  },
  {
    matches: root => has('apiVersion', 'name', 'version')(root),
    what: 'the Chart.yaml of a Helm chart',
    hint: '--chart DIR reads the chart',
  },
  {
    matches: has('schemaVersion', 'layers'),
    what: 'the manifest of an image',
    hint: 'name the image itself',
  },
  {
    matches: root => has('schemaVersion', 'manifests')(root),
    what: 'an index of images',
    hint: 'name the image itself; gpreg serve DIR serves a layout',
  },
  {
    matches: hasAny('terraform_version'),
    what: 'the state or a plan of Terraform',
    hint: 'name its images with --image, or one a line in a list',
  },
  {
    matches: hasAny('auths', 'credHelpers'),
    what: 'a file with registry credentials',
    hint: '--authfile FILE reads it',
  },
  {
    matches: root =>
      hasAny('bomFormat', 'spdxVersion', '@graph')(root) || has('artifacts', 'source', 'schema')(root),
    what: 'a bill of materials',
    hint: 'name the images themselves',
  },
  {
    matches: holdsValues,
    what: 'the values of a Helm chart',
    hint: '--chart DIR reads the chart, with --chart-values FILE',
  },
]

/** Recognises what people take for a list of images. */
export function foreignDocument(root: DocumentView): ForeignDocument | undefined {
  const kind = root.at('kind').text
  // An image set is a list, although it is a document of gpreg.
  const ours = has('version')(root) && kind !== 'ImageSet' ? documentKind(kind) : undefined
  return ours ?? KINDS.find(({ matches }) => matches(root))
}

/** True for jobs and steps of GitLab, GitHub, Bitbucket and their kin. */
function isPipeline(root: DocumentView): boolean {
  return (
    ['jobs', 'pipelines'].some(key => root.at(key).isMap) ||
    ['stages', 'steps'].some(key => root.at(key).items.some(({ isMap }) => isMap)) ||
    root.entries.some(({ value }) => value.at('script').isList || value.at('script').text !== undefined)
  )
}

/** True if the map, or a map in it, has the `image` map that Helm charts split names over. */
function holdsValues(root: DocumentView): boolean {
  return [root, ...root.entries.map(({ value }) => value)].some(view =>
    hasAny('repository', 'tag')(view.at('image')),
  )
}

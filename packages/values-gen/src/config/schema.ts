import { z } from 'zod'
import { goType, serviceType } from './go-types.ts'
import {
  absolutePath,
  domainName,
  duration,
  int64,
  objectRef,
  pullSecret,
  resources,
  someDuration,
  url,
  volume,
  word,
} from './schema-parts.ts'

/** The registry that the installer pulls images from by default. */
export const GITPOD_REPOSITORY = 'eu.gcr.io/gitpod-core-dev/build'

const containerRegistry = z.strictObject({
  inCluster: z
    .boolean()
    .default(true)
    .describe('Workspace images are kept by the registry that the installer brings.'),
  external: z
    .strictObject({
      url: word.describe('host[:port][/path], without a scheme.'),
      certificate: objectRef.describe('Secret with a docker config, key .dockerconfigjson.'),
    })
    .optional()
    .describe('The registry that workspace images are pushed to, where inCluster is false.'),
  s3storage: z
    .strictObject({
      bucket: word,
      region: word,
      endpoint: word.describe('host[:port] of the region, without a scheme: s3.REGION.amazonaws.com.'),
      certificate: objectRef.describe('Secret with s3AccessKey and s3SecretKey.'),
    })
    .optional()
    .describe('Where the in-cluster registry keeps its blobs.'),
  privateBaseImageAllowList: z
    .array(z.string())
    .optional()
    .describe('Hosts that image builds send credentials to: neither schemes nor paths.'),
})

const objectStorage = z.strictObject({
  inCluster: z.boolean().default(true).describe('Backups of workspaces are kept by minio in the cluster.'),
  s3: z
    .strictObject({
      endpoint: word.describe('host[:port], without a scheme.'),
      credentials: objectRef.describe('Secret with accessKeyId and secretAccessKey.'),
      bucket: z.string().optional().describe('One bucket for all; without it each user gets one.'),
      allowInsecureConnection: z.boolean().optional(),
    })
    .optional(),
  cloudStorage: z
    .strictObject({
      serviceAccount: objectRef.describe('Secret with service-account.json.'),
      project: word,
    })
    .optional(),
  azure: z
    .strictObject({ credentials: objectRef.describe('Secret with accountName and accountKey.') })
    .optional(),
  maximumBackupCount: int64.optional().describe('Deprecated.'),
  blobQuota: int64.optional().describe('Bytes a user may store; 5 GiB unless said.'),
  resources: resources.optional(),
})

const database = z.strictObject({
  inCluster: z.boolean().default(true).describe('MySQL in the cluster.'),
  external: z
    .strictObject({
      certificate: objectRef.describe('Secret with encryptionKeys, host, password, port, username.'),
    })
    .optional(),
  cloudSQL: z
    .strictObject({
      serviceAccount: objectRef.describe('Secret with credentials.json, encryptionKeys, password, username.'),
      instance: word,
    })
    .optional(),
  ssl: z.strictObject({ caCert: objectRef.optional() }).optional(),
})

const workspace = z.strictObject({
  runtime: z
    .strictObject({
      fsShiftMethod: z.enum(['fuse', 'shiftfs']).default('fuse'),
      containerdRuntimeDir: absolutePath.default('/var/lib/containerd/io.containerd.runtime.v2.task/k8s.io'),
      containerdSocket: absolutePath.default('/run/containerd/containerd.sock'),
    })
    .optional(),
  resources: resources.optional(),
  templates: goType('WorkspaceTemplates').optional(),
  prebuildPVC: volume.optional(),
  pvc: volume.optional(),
  maxLifetime: someDuration.default('36h'),
  timeoutDefault: duration.optional(),
  timeoutExtended: duration.optional(),
  timeoutAfterClose: duration.optional(),
  workspaceImage: z
    .string()
    .optional()
    .describe('What workspaces start from where a repository names no image.'),
})

const components = z.strictObject({
  proxy: z
    .strictObject({
      service: z
        .strictObject({
          serviceType: serviceType.optional(),
        })
        .optional(),
    })
    .optional(),
})

/**
 * `gitpod.config.yaml` as the installer of the newest release decodes it. The schema checks types, not the meaning of values.
 * {@link KNOWN_SINCE} lists the fields that older releases lack.
 * https://github.com/gitpod-io/gitpod/blob/2022.11.3/install/installer/pkg/config/v1/config.go
 */
export const configSchema = z.strictObject({
  apiVersion: z
    .string()
    .optional()
    .describe(
      'v1; the installer does not use it. Before 2022.08 it must be written exactly `apiVersion: v1`.',
    ),
  kind: z.enum(['IDE', 'WebApp', 'Meta', 'Workspace', 'Full']).default('Full').describe('What is rendered.'),
  domain: domainName.describe('Where Gitpod will be.'),
  metadata: z
    .strictObject({
      region: word
        .default('local')
        .describe('Region of the object storage; local where that is in the cluster.'),
      shortname: z.string().optional(),
    })
    .optional(),
  repository: word
    .default(GITPOD_REPOSITORY)
    .describe('host[:port]/path that every image of Gitpod is pulled from below.'),
  observability: z
    .strictObject({
      logLevel: z.enum(['trace', 'debug', 'info', 'warning', 'error', 'fatal', 'panic']).default('info'),
      tracing: z
        .strictObject({
          endpoint: z.string().optional(),
          agentHost: z.string().optional(),
          secretName: z.string().optional(),
        })
        .optional(),
    })
    .optional(),
  analytics: z.strictObject({ segmentKey: z.string().optional(), writer: z.string().optional() }).optional(),
  database: database.optional(),
  objectStorage: objectStorage.optional(),
  containerRegistry: containerRegistry.optional(),
  certificate: z
    .strictObject({ kind: z.literal('secret').default('secret'), name: word.default('https-certificates') })
    .optional()
    .describe('Secret with tls.crt and tls.key.'),
  httpProxy: objectRef.optional().describe('Secret with httpProxy, httpsProxy, noProxy.'),
  imagePullSecrets: z.array(pullSecret).optional().describe('Docker configs that nodes pull with.'),
  workspace: workspace.optional(),
  openVSX: z
    .strictObject({
      url: url.default('https://open-vsx.org'),
      proxy: z.strictObject({ disablePVC: z.boolean().optional() }).optional(),
    })
    .optional(),
  authProviders: z.array(objectRef).optional().describe('Secrets with provider.'),
  blockNewUsers: z
    .strictObject({ enabled: z.boolean().optional(), passlist: z.array(z.string()).optional() })
    .optional(),
  license: objectRef.optional().describe('Secret with license, and type.'),
  sshGatewayHostKey: objectRef.optional().describe('Secret with private keys of the SSH gateway.'),
  disableDefinitelyGp: z.boolean().default(true),
  customCACert: objectRef.optional().describe('Secret with ca.crt, an authority that some components trust.'),
  dropImageRepo: z.boolean().optional().describe('Images are looked for by the last segment of their name.'),
  customization: goType('Customization[]').optional(),
  components: components.optional(),
  experimental: goType('Experimental')
    .optional()
    .describe('Left out by render, unless --use-experimental-config is given.'),
})

/** Fields with the release that introduced them. The installers of earlier releases refuse these fields. */
export const KNOWN_SINCE: Readonly<Record<string, string>> = {
  components: '2022.07',
  customization: '2022.06',
  'containerRegistry.privateBaseImageAllowList': '2022.07',
  'workspace.workspaceImage': '2022.07',
  httpProxy: '2022.09',
  'objectStorage.s3.allowInsecureConnection': '2022.09',
  'observability.tracing.secretName': '2022.10',
  'database.ssl': '2022.10',
  'openVSX.proxy': '2022.10',
  'workspace.prebuildPVC': '2022.11',
}

/**
 * From this release on the installer deletes the key `apiVersion` and joins all documents of a file. Before, it cuts the text
 * `apiVersion: v1` out wherever it stands.
 * https://github.com/gitpod-io/gitpod/blob/2022.08.0/install/installer/pkg/config/loader.go
 */
export const KEY_DELETED = '2022.08'

/** Kubernetes' pod, which editors know without this schema. */
const POD = {
  type: 'object',
  description: 'https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/',
}

/** The JSON Schema for editors. https://json-schema.org/draft/2020-12 */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if ((zodSchema as unknown) !== goType('Pod')) return
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key)
      Object.assign(jsonSchema, POD)
    },
  })
  return { ...schema, title: 'gitpod.config.yaml of Gitpod Self-Hosted 2022.11.3' }
}

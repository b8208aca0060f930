/** A Kubernetes object as YAML holds it. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string } & Readonly<
    Record<string, unknown>
  >
  readonly [field: string]: unknown
}

/** The cloud whose identity a pod uses instead of a stored login. */
export interface CloudIdentity {
  readonly cloud: 'aws' | 'gcp' | 'azure'
  /** the ARN of a role, the e-mail of a service account, or the id of a managed identity's client */
  readonly id: string
}

/** What all objects share. */
export interface CommonRequest {
  /** of the objects; those that belong to it begin with it */
  readonly name: string
  /** default: none, so that kubectl decides */
  readonly namespace?: string
  /** the image of gpreg */
  readonly image: string
  /** of gpreg, for a label */
  readonly version: string
  /** arguments for the command, behind those that the manifests give */
  readonly args: readonly string[]
}

/** A Job or a CronJob that mirrors. */
export interface JobRequest extends CommonRequest {
  /** `HOST[:PORT]/PREFIX` */
  readonly to: string
  /** the minor version of Kubernetes 1: 21 for 1.21 */
  readonly kubernetes: number
  /** the text of the lock that is mirrored */
  readonly lock?: string
  /** when it runs, as cron writes it; absent for a Job that runs once */
  readonly schedule?: string
  /** pods that share the work; default one */
  readonly shards?: number
  /** name of a Secret with logins, `kubernetes.io/dockerconfigjson` */
  readonly credentials?: string
  readonly identity?: CloudIdentity
  /** certificate authorities, PEM */
  readonly authorities?: string
  /** name of a PersistentVolumeClaim for the journal of uploads; default: the journal ends with the pod */
  readonly journalClaim?: string
  /** seconds after which the Job is ended; default never */
  readonly deadline?: number
}

/** A registry in the cluster. */
export interface ServeRequest extends CommonRequest {
  /** name of the PersistentVolumeClaim that holds the bundle or the layout */
  readonly claim: string
  /** path on the claim of what is served. The claim itself is none: many new volumes are not empty. */
  readonly path: string
  /** name of a Secret, `kubernetes.io/tls` */
  readonly tls?: string
  /** name of a Secret whose key `htpasswd` has users and bcrypt hashes */
  readonly htpasswd?: string
}

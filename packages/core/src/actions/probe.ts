import { randomBytes } from 'node:crypto'
import type { Context } from '../context.ts'
import {
  isGpregError,
  type ErrorCode,
  type GpregError,
  type Descriptor,
  type Login,
  type RemoteRepository,
  contentFrom,
} from '@gpreg/oci'
import {
  unlessAborted,
  joinPath,
  parsePrefix,
  type RegistryPrefix,
  quirksOf,
  fallbackTag,
  createRegistries,
  type Registries,
  type RegistriesOptions,
  fetchBytes,
} from '@gpreg/oci/engine'
import { Checklist, failed, type Finding, type NamedCheck } from './checklist.ts'
import { probeBlob, probeImage, type ProbeBlob, type ProbeImage } from './probe-content.ts'

export type ProbeName =
  | 'reach'
  | 'tls'
  | 'auth'
  | 'push'
  | 'pull'
  | 'mount'
  | 'large-upload'
  | 'tag-overwrite'
  | 'referrers'
  | 'delete'

export type ProbeCheck = NamedCheck<ProbeName>

export interface ProbeOptions {
  /** bytes of an upload in one request, which a proxy may refuse; default: no such upload */
  readonly largeUpload?: number
}

/** The two repositories below the prefix that test content is pushed to, in every run. */
const REPOSITORY = 'gpreg-doctor'
const OTHER_REPOSITORY = 'gpreg-doctor-mount'

/** The checks (reach, tls, auth) that an error of the first request belongs to; a code that is not listed counts against `reach`. */
const GREETING = ['reach', 'tls', 'auth'] as const
const ANSWERS: Readonly<Partial<Record<ErrorCode, (typeof GREETING)[number]>>> = {
  'tls-untrusted': 'tls',
  unauthorized: 'auth',
  forbidden: 'auth',
}

/**
 * Tests a registry with the given login, such as the one that Gitpod will use.
 * @param address `host[:port]/prefix`
 */
export async function probeRegistry(
  { username, password }: Login,
  address: string,
  options: RegistriesOptions,
  context: Context,
): Promise<readonly ProbeCheck[]> {
  const credential = { username, password: password.reveal() }
  const credentials = { find: async () => credential }
  const registries = await createRegistries({ ...options, credentials }, context)
  try {
    return await new Probe(registries, parsePrefix(address), context).run()
  } finally {
    await registries.close()
  }
}

/**
 * Tests a registry by pushing and pulling real content, as mirroring, nodes and image builds do, because a registry with broken
 * storage still answers requests without content. Pushed content is removed afterwards, if the registry allows that.
 */
export class Probe {
  readonly #registries: Registries
  readonly #host: string
  readonly #checklist: Checklist<ProbeName>
  readonly #repository: RemoteRepository
  readonly #other: RemoteRepository
  readonly #tag = `probe-${randomBytes(4).toString('hex')}`
  readonly #image = probeImage()
  readonly #successor = probeImage()
  readonly #artifact = probeImage(this.#image.descriptor)
  #large: ProbeBlob | undefined

  constructor(registries: Registries, { host, path }: RegistryPrefix, context: Context) {
    const open = (name: string) =>
      registries.open('target', { host, repository: joinPath(path, name) }).repository
    this.#registries = registries
    this.#host = host
    this.#checklist = new Checklist(context)
    this.#repository = open(REPOSITORY)
    this.#other = open(OTHER_REPOSITORY)
  }

  async run({ largeUpload = 0 }: ProbeOptions = {}): Promise<readonly ProbeCheck[]> {
    const list = this.#checklist
    const isReached = await this.#greet()
    const isPushed = await list.try('push', isReached, () => this.#push(this.#image, this.#tag))
    await list.try('pull', isPushed, () => this.#pull(this.#image))
    await list.try('mount', isPushed, () => this.#mount(this.#layer))
    if (largeUpload > 0) await list.try('large-upload', isPushed, () => this.#pushLarge(largeUpload))
    await list.try('tag-overwrite', isPushed, () => this.#overwrite(), 'warning')
    await list.try('referrers', isPushed, () => this.#refer(), 'warning')
    await list.try('delete', isPushed, () => this.#remove(), 'warning')
    return list.checks
  }

  get #layer(): Descriptor {
    return this.#image.blobs.at(-1)!.descriptor
  }

  /** Tests with one request whether the registry is reachable, its certificate is trusted, and the login is accepted. */
  async #greet(): Promise<boolean> {
    try {
      const { login, scheme } = await this.#registries.ping(this.#host)
      this.#checklist.note('reach')
      this.#checklist.note('tls', scheme === 'http' ? plainHttp(this.#host) : {})
      this.#checklist.note('auth', login === 'open' ? openToAll(this.#host) : {})
      return true
    } catch (thrown) {
      const error = unlessAborted(thrown)
      const culprit = GREETING.indexOf(ANSWERS[error.code] ?? 'reach')
      for (const [at, name] of GREETING.entries()) {
        if (at === culprit) this.#checklist.note(name, failed(error))
        else this.#checklist.note(name, at < culprit ? {} : { status: 'skipped' })
      }
      return false
    }
  }

  async #push(image: ProbeImage, tag?: string): Promise<Finding> {
    for (const { descriptor, content } of image.blobs) await this.#repository.push(descriptor, content)
    if (tag === undefined) await this.#repository.push(image.descriptor, contentFrom(image.bytes))
    else await this.#repository.tag(tag, image.descriptor, image.bytes)
    return {}
  }

  /** Reads an image back. The repository client checks size and digest of all content. */
  async #pull({ descriptor, blobs }: ProbeImage): Promise<Finding> {
    const tagged = await this.#isTagged(descriptor)
    for (const content of [descriptor, ...blobs.map(blob => blob.descriptor)])
      await fetchBytes(this.#repository, content)
    return tagged
      ? {}
      : { status: 'failed', detail: `the tag ${this.#tag} does not name what was pushed under it` }
  }

  async #mount(layer: Descriptor): Promise<Finding> {
    if (await this.#other.mount(layer, this.#repository.name)) return {}
    return {
      status: 'warning',
      detail: 'the registry would rather have the bytes: what images share is sent to each repository',
      ...(quirksOf(this.#host).kind === 'ecr' ? { hint: ECR_MOUNT } : {}),
    }
  }

  async #pushLarge(size: number): Promise<Finding> {
    this.#large = probeBlob(size)
    const { retries } = this.#registries.traffic()
    await this.#repository.push(this.#large.descriptor, this.#large.content)
    if (this.#repository.bodyLimit < size) return bodyTooLarge(size)
    return this.#registries.traffic().retries === retries ? {} : brokeOnce(size)
  }

  async #overwrite(): Promise<Finding> {
    await this.#push(this.#successor, this.#tag)
    if (await this.#isTagged(this.#successor.descriptor)) return {}
    return { status: 'warning', detail: 'a tag that was pushed again still names what it named before' }
  }

  async #refer(): Promise<Finding> {
    await this.#push(this.#artifact)
    const found = await this.#repository.referrers(this.#image.descriptor.digest)
    const isListed = found.some(({ digest }) => digest === this.#artifact.descriptor.digest)
    return isListed
      ? {}
      : { status: 'warning', detail: 'an artifact was taken, and is not listed afterwards' }
  }

  /**
   * Removes the test content. Only a manifest that stays is reported, because it can be pulled; many registries remove
   * unreferenced blobs by themselves.
   */
  async #remove(): Promise<Finding> {
    const images = [this.#artifact, this.#successor, this.#image]
    const manifests = [...images.map(({ descriptor }) => descriptor), ...(await this.#fallbackIndex())]
    const refused: GpregError[] = []
    for (const manifest of manifests)
      await this.#repository.delete(manifest).catch(thrown => {
        // If the registry refused the artifact, there is no such manifest.
        if (!isGpregError(thrown, 'not-found')) refused.push(unlessAborted(thrown))
      })
    const blobs = [...images.flatMap(image => image.blobs), ...(this.#large ? [this.#large] : [])]
    for (const { descriptor } of blobs) await this.#repository.delete(descriptor).catch(unlessAborted)
    await this.#other.delete(this.#layer).catch(unlessAborted)
    return refused.length === 0 ? {} : stays(this.#repository.name, refused[0]!)
  }

  /** The list of referrers that the client wrote under a tag, if the registry has no referrers API. */
  async #fallbackIndex(): Promise<Descriptor[]> {
    try {
      return [await this.#repository.resolve(fallbackTag(this.#image.descriptor.digest))]
    } catch (thrown) {
      unlessAborted(thrown)
      return []
    }
  }

  async #isTagged({ digest }: Descriptor): Promise<boolean> {
    return (await this.#repository.resolve(this.#tag)).digest === digest
  }
}

const ECR_MOUNT =
  'aws ecr put-account-setting --name BLOB_MOUNTING --value ENABLED; it holds for the whole account and region'

function plainHttp(host: string): Finding {
  return {
    status: 'warning',
    detail: 'plain HTTP: nodes pull from it only where their containerd is told so',
    hint: `gpreg node-config --to ${host}/PREFIX --plain-http ${host} -o DIR writes what they need`,
  }
}

function openToAll(host: string): Finding {
  return { status: 'warning', detail: `${host} asks for no login: whoever reaches it may push` }
}

/** https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size */
function bodyTooLarge(size: number): Finding {
  return {
    status: 'failed',
    detail: `something before the registry takes no body of ${size} bytes: gpreg sends smaller ones, image builds do not`,
    hint: 'raise its limit (nginx: client_max_body_size 0), or let builds reach the registry another way',
  }
}

/** A proxy that closes the connection on a large body looks the same as a broken line, so this is only a warning. */
function brokeOnce(size: number): Finding {
  return {
    status: 'warning',
    detail: `an upload of ${size} bytes broke, and got through with more tries: image builds start such a layer over`,
    hint: 'try again; where it breaks each time, look for limits of size or time before the registry',
  }
}

function stays(repository: string, { message }: GpregError): Finding {
  return {
    status: 'warning',
    detail: `${repository} keeps what was pushed: ${message}`,
    hint: 'have the registry delete it, or let it stay: it is small but for the large upload',
  }
}

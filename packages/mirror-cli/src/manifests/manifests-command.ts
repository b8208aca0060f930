import { readInput, readLockFile, readText, writeLock } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import {
  fileNameOf,
  formatObject,
  formatObjects,
  parseIdentity,
  type JobRequest,
  type KubernetesObject,
} from '@gpreg/values-gen'
import { BaseCommand } from '../base-command.ts'
import { defined } from '../flags/defined.ts'
import { furtherArguments, jobRequest, type JobFlags, type ManifestFlags } from './flags.ts'
import { writeOutputDirectory } from '../output-directory.ts'
import { standardInput } from '../standard-input.ts'

const STDOUT = '-'

/** The answer of `gpreg manifests … --json`. */
export interface ManifestsDocument {
  readonly kind: 'KubernetesManifests'
  readonly version: 1
  /** absent if they went to stdout */
  readonly directory?: string
  readonly objects: readonly KubernetesObject[]
}

/** The base of the commands that write Kubernetes YAML. */
export abstract class ManifestsCommand extends BaseCommand {
  /** What the flags of a Job ask for, with the files that they name. @param words the arguments that are no flags */
  protected async jobRequest(
    flags: JobFlags & ManifestFlags,
    words: readonly unknown[],
  ): Promise<JobRequest> {
    const args = furtherArguments(this.argv, words)
    const { lock, cloud, 'ca-file': caFile } = flags
    if (lock === undefined && args.length === 0)
      throw new GpregError('usage', 'nothing says what is mirrored', {
        hint: 'name a lock with --lock FILE, or an image set behind --, e.g. -- --release release-2022.11.3',
      })
    return {
      ...jobRequest(flags, this.config.version),
      name: flags.name,
      args,
      ...defined({
        namespace: flags.namespace,
        lock: lock === undefined ? undefined : await this.#readLock(lock),
        identity: cloud === undefined ? undefined : parseIdentity(cloud),
        authorities: caFile === undefined ? undefined : await readText(caFile),
      }),
    }
  }

  /** Writes the objects to stdout or into a directory. */
  protected async write(
    objects: readonly KubernetesObject[],
    { output, force }: ManifestFlags,
  ): Promise<ManifestsDocument> {
    const document = { kind: 'KubernetesManifests', version: 1, objects } as const
    if (output === STDOUT) return this.answer(document, () => formatObjects(objects).trimEnd())
    const files = objects.map(object => ({
      path: fileNameOf(object),
      content: formatObject(object),
      mode: 0o644,
    }))
    await writeOutputDirectory(output, files, { force })
    return this.answer({ ...document, directory: output }, () => files.map(({ path }) => path).join('\n'))
  }

  /** A lock in the form that gpreg writes, so that the same lock makes the same ConfigMap. */
  async #readLock(path: string): Promise<string> {
    return writeLock(await readLockFile(await readInput(path, standardInput(this.signal)), path))
  }
}

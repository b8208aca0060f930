import { GpregError, type Descriptor } from '@gpreg/oci'
import { mapLimited, unlessAborted, type CopyItem, type EngineOptions } from '@gpreg/oci/engine'
import type { Context } from '../../context.ts'
import type { Importer } from '../../registry/importer.ts'
import { Walker } from '../walker.ts'

/** What the registry of the target fetched by itself. Everything else is left to the copy. */
export interface Imports {
  /** target names of the images that the registry has now, whole */
  readonly fetched: ReadonlySet<string>
  /** by target name, why an image was not fetched by the registry */
  readonly refused: ReadonlyMap<string, GpregError>
  /** The registry said that it has an image, but a part is missing: the copy has to look below tags that are right. */
  readonly needsRepair: boolean
}

type ImportOptions = Pick<EngineOptions, 'platforms' | 'unfinished' | 'referrers' | 'concurrency'>

/** Images that one registry fetches at the same time. */
const IMPORTS_AT_ONCE = 8

/** The content of one image, and whether its tag is free. */
interface Wanted {
  readonly root: Descriptor
  readonly isTagFree: boolean
}

/**
 * Lets the registry of the target fetch the images that it lacks, and checks each of them as `verify` does. An image that the
 * registry does not fetch is warned of, and left to the copy. So are signatures and other referrers, because no registry fetches
 * them along.
 * @throws `unauthorized` and `forbidden` if the registry takes no requests of this machine, and `aborted`
 */
export async function importImages(
  items: readonly CopyItem[],
  importer: Importer,
  options: ImportOptions,
  context: Context,
): Promise<Imports> {
  const walker = new Walker(false, options.concurrency, context)
  const [fetched, refused] = [new Set<string>(), new Map<string, GpregError>()]
  let [needsRepair, isOver] = [false, false]

  const importOne = async (item: CopyItem): Promise<void> => {
    const wanted = isOver ? undefined : await lackingRoot(item, context)
    if (wanted === undefined) return
    if ((options.platforms ?? item.platforms ?? []).length > 0) return leave(item, filteredError(item))
    // The tag will be right, so the copy would not look for referrers.
    if (options.referrers !== false) await options.unfinished?.note(item.targetName)
    const error = await refusalOf(fetchImage(item, wanted, importer, context))
    if (error?.code === 'unauthorized' || error?.code === 'forbidden') {
      isOver = true
      throw error
    }
    const problem = await problemOf(item, wanted, walker, context)
    // An answer may have been lost, so what is there counts.
    if (problem === undefined) return void fetched.add(item.targetName)
    needsRepair ||= problem.subject.digest !== wanted.root.digest
    leave(item, error ?? problem)
  }

  const leave = (item: CopyItem, error: GpregError): void => {
    refused.set(item.targetName, error)
    const message = `${item.sourceName} is copied over this line, because the registry did not fetch it: ${error.message}`
    const subject = { ...error.subject, reference: item.targetName }
    context.emit({ type: 'warning', code: 'not-server-side', message, subject })
  }

  await mapLimited(items, IMPORTS_AT_ONCE, importOne)
  return { fetched, refused, needsRepair }
}

/** The root of an image that the target lacks; undefined also if a side cannot be asked, which the copy then reports. */
async function lackingRoot(item: CopyItem, context: Context): Promise<Wanted | undefined> {
  const { source, target, reference, tag, tagToo, locked } = item
  const call = { signal: context.signal }
  try {
    const root = locked?.root ?? (await source.repository.resolve(reference, call))
    if (tagToo !== undefined && (await source.repository.resolve(tagToo, call)).digest !== root.digest)
      return undefined
    const held = await unlessMissing(target.repository.resolve(tag ?? root.digest, call))
    if (held?.digest === root.digest) return undefined
    return { root, isTagFree: held === undefined }
  } catch (thrown) {
    unlessAborted(thrown)
    return undefined
  }
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (thrown) {
    const error = unlessAborted(thrown)
    // Some registries refuse to tell of a repository that is not there.
    if (['not-found', 'unauthorized', 'forbidden'].includes(error.code)) return undefined
    throw error
  }
}

function filteredError({ sourceName }: CopyItem): GpregError {
  return new GpregError('platform-refused', 'a registry fetches all platforms of an image, not only some', {
    reference: sourceName,
  })
}

async function refusalOf(work: Promise<void>): Promise<GpregError | undefined> {
  return work.then(() => undefined, unlessAborted)
}

/** A tag that points elsewhere is not handed over: the registry would refuse, and the copy moves it. */
async function fetchImage(
  { source, sourceName, target, targetName, tag }: CopyItem,
  { root: { digest }, isTagFree }: Wanted,
  importer: Importer,
  context: Context,
): Promise<void> {
  context.emit({ type: 'image.importing', image: targetName, source: sourceName, digest })
  const to = { repository: target.repository.name, ...(tag !== undefined && isTagFree ? { tag } : {}) }
  const from = { host: source.store, repository: source.repository.name, digest }
  await importer.import({ source: from, target: to }, context)
}

/** The first thing that is missing or wrong in an image that the registry says it fetched. */
async function problemOf(
  { target, tag }: CopyItem,
  { root, isTagFree }: Wanted,
  walker: Walker,
  context: Context,
): Promise<GpregError | undefined> {
  const [problem] = await walker.walk(target, [root])
  if (problem !== undefined) {
    const { code, message, digest = root.digest } = problem
    return new GpregError(code, message, { digest })
  }
  if (tag === undefined || !isTagFree) return undefined
  try {
    const held = await target.repository.resolve(tag, { signal: context.signal })
    if (held.digest === root.digest) return undefined
    return new GpregError('digest-mismatch', `the tag ${tag} is ${held.digest} there, not ${root.digest}`, {
      digest: root.digest,
    })
  } catch (thrown) {
    return unlessAborted(thrown).about({ digest: root.digest })
  }
}

import { executePlan } from '../execute.ts'
import { rm } from 'node:fs/promises'
import { GpregError } from '../../errors.ts'
import { ArchiveWriter, discardBeginning } from '../../store/archive/archive-writer.ts'
import { volumesOf } from '../../store/archive/archive-files.ts'
import { planTar } from '../../store/archive/tar-plan.ts'
import { artifactIn, type Artifact } from '../../store/artifact.ts'
import type { ReadableRepository } from '../../store/content.ts'
import { EmptyTarget } from '../../store/empty-target.ts'
import { contextOf } from '../../operation.ts'
import { archiveContents, retarget } from './archive-contents.ts'
import { engineOptions, itemOf, type CopyOptions } from '../copy.ts'
import { probeTargets, surveyItems } from '../plan.ts'
import type { Survey, ToCopy } from '../survey/survey.ts'

export interface WriteArchiveOptions extends CopyOptions {
  /** bytes of each volume but the last: `PATH.001`, `PATH.002` and so on; default one file */
  readonly volumeSize?: number
  /** modification time of all members, milliseconds since the epoch; default 0, so that the same content makes the same bytes */
  readonly created?: number
}

/** What was written. */
export interface WrittenArchive {
  /** bytes of the archive */
  readonly size: number
  /** its files, in order */
  readonly paths: readonly string[]
}

/**
 * Writes artifacts into one tar, or into several volumes: an OCI image layout that all OCI tools read. The archive has its name
 * only after all content is in it; until then it lies in `PATH.partial`, where the same call goes on after an interruption.
 * @param sources by their names in the archive, `repository[:tag][@digest]`
 * @throws why an artifact could not be read, `storage`, `aborted`
 */
export async function writeArchive(
  path: string,
  sources: Readonly<Record<string, Artifact<ReadableRepository>>>,
  options: WriteArchiveOptions = {},
): Promise<WrittenArchive> {
  const context = contextOf(options)
  const engine = engineOptions(options)
  const nothing = new EmptyTarget(path)
  const items = Object.entries(sources).map(([name, from]) => itemOf({ from, to: artifactIn(nothing, name) }))
  const surveys = (await surveyItems(items, engine, context)).map(assertReadable)
  const { created = 0, volumeSize } = options
  const tar = planTar(archiveContents(surveys, { documents: {}, created }))
  const output = { path, ...(volumeSize === undefined ? {} : { volumeSize }) }
  await using writer = await openWriter(output, tar, context.signal)
  const targeted = retarget(surveys, name => ({ store: path, repository: writer.repository(name) }))
  const { images } = await executePlan(await probeTargets(targeted, context), engine, context)
  for (const { error } of images) if (error !== undefined) throw error
  const paths = volumesOf(output, tar.size).map(volume => volume.path)
  await writer.finish(
    async () => {
      for (const old of paths) await rm(old, { force: true })
    },
    async () => {},
  )
  return { size: tar.size, paths }
}

function assertReadable(survey: Survey): ToCopy {
  if (survey.status === 'to-copy') return survey
  if (survey.status === 'failed') throw survey.error
  throw new GpregError('bug', `${survey.item.targetName} was found in an archive that is not there yet`)
}

/** The beginning of another archive under the same name is thrown away. */
async function openWriter(
  ...[output, tar, signal]: Parameters<typeof ArchiveWriter.open>
): Promise<ArchiveWriter> {
  const writer = await ArchiveWriter.open(output, tar, signal)
  if (writer !== undefined) return writer
  await discardBeginning(output.path)
  const anew = await ArchiveWriter.open(output, tar, signal)
  if (anew !== undefined) return anew
  throw new GpregError('storage', `another process began to write ${output.path}`, { path: output.path })
}

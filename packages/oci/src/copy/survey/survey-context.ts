import type { Context } from '../../context.ts'
import type { Descriptor } from '../../model/descriptor.ts'
import type { ManifestNode } from '../../model/manifest.ts'
import type { ManifestReader } from '../../store/manifest-reader.ts'
import type { CopyItem, EngineOptions } from './item.ts'

/** What the surveys of one plan share: options, and answers that several names need. */
export interface SurveyContext {
  readonly options: EngineOptions
  readonly context: Context
  readonly read: ManifestReader
  /** Resolves a name of the source; several targets may share it. @param whole whether the manifest is wanted, too */
  offer(item: CopyItem, whole: boolean): Promise<Descriptor | ManifestNode>
  /** The descriptor that the target has under the wanted tag. */
  held(item: CopyItem): Promise<Descriptor | undefined>
  /** Whether the target is known to lack the repository. */
  isNewRepository(item: CopyItem): Promise<boolean>
}

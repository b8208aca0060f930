import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  formatPlatform,
  GpregError,
  LayoutStore,
  parseReference,
  type Artifact,
  type Digest,
  type ReadableRepository,
} from '@gpreg/oci'
import { fileFault } from '@gpreg/oci/engine'
import type { Context, MadeImage } from '@gpreg/core'
import { IMAGE_NAME } from './flags.ts'
import { basePlatforms } from './base/base-image.ts'
import { assertLibraries } from './base/base-libraries.ts'
import { BasedRepository } from './base/based-repository.ts'
import { ImageWriter, type ImageDescription } from './image-writer.ts'
import type { NodeBinary } from './node-binaries.ts'

export interface ToolImageOptions extends ImageDescription {
  /** for each platform one */
  readonly nodes: readonly NodeBinary[]
  /** the image that Node and the program are put on; default: the libraries of this machine, for its own platform only */
  readonly base?: Artifact<ReadableRepository>
}

/** gpreg's own image. It is in a temporary folder until it is disposed. */
export interface ToolImage extends MadeImage, AsyncDisposable {
  readonly digest: Digest
  /** e.g. `linux/amd64` */
  readonly platforms: readonly string[]
}

/**
 * Makes the image. The same program, Nodes, libraries and base make the same digest.
 * @throws `usage` without a base on another system than Linux, `input-invalid` for a base that Node does not start on, `platform-refused`, `storage`, `aborted`, and the errors of reading
 * the base
 */
export async function createToolImage(options: ToolImageOptions, context: Context): Promise<ToolImage> {
  const { nodes, base } = options
  const platforms = base === undefined ? undefined : await basePlatforms(base, nodes, context.signal)
  for (const each of platforms ?? [])
    await assertLibraries(each, base!.source.repository, base!.name, context.signal)
  const below = new Set(platforms?.flatMap(({ layers }) => layers.map(({ digest }) => digest)))
  const folder = await temporaryFolder()
  const dispose = () => rm(folder, { recursive: true, force: true })
  try {
    const layout = await LayoutStore.resume(folder, context.now(), below, context.signal)
    const writer = new ImageWriter(layout, IMAGE_NAME, options, context.signal)
    const images =
      platforms === undefined
        ? [await writer.writeAlone(ownNode(nodes))]
        : await writer.writeOnto(platforms, base!.name)
    const digest = await writer.name(images)
    const own = layout.repository(IMAGE_NAME)
    const repository = base === undefined ? own : new BasedRepository(own, base.source.repository, below)
    return {
      source: parseReference(`localhost/${IMAGE_NAME}:${options.version}`),
      place: { store: folder, repository },
      origin: 'tool',
      digest,
      platforms: images.map(({ platform }) => formatPlatform(platform)),
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** The Node for this machine, whose libraries are here. */
function ownNode(nodes: readonly NodeBinary[]): NodeBinary {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  const own =
    process.platform === 'linux' ? nodes.find(node => node.architecture === architecture) : undefined
  if (own !== undefined) return own
  throw new GpregError('usage', 'the image needs the libraries of a Linux, and this machine has none', {
    hint: 'name an image that has them, e.g. --base gcr.io/distroless/cc-debian12, and a Node for Linux with --node FILE',
  })
}

async function temporaryFolder(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'gpreg-image-'))
  } catch (cause) {
    throw new GpregError('storage', `cannot write into ${tmpdir()}: ${fileFault(cause)}`, {
      path: tmpdir(),
      cause,
      hint: 'the image is made there first; name another directory in TMPDIR',
    })
  }
}

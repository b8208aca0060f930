import { GpregError, type Platform } from '@gpreg/oci'
import { isRecord } from '@gpreg/oci/engine'
import { FOLDER, HOME, USER } from './layers.ts'
import type { Layer } from './write-layer.ts'

/** What the configuration of an image is made of. */
export interface ImageConfig {
  readonly platform: Platform
  /** the configuration of the base image; absent for an image without one */
  readonly base?: Readonly<Record<string, unknown>>
  /** the layers above those of the base */
  readonly layers: readonly Layer[]
  /** folders of shared libraries in these layers */
  readonly libraryPath?: readonly string[]
  /** flags for Node */
  readonly nodeFlags: readonly string[]
  readonly created: string
  readonly labels: Readonly<Record<string, string>>
}

/** https://github.com/opencontainers/image-spec/blob/main/config.md; what the base says is kept, but for what starts and its user. */
export function imageConfig(options: ImageConfig): Record<string, unknown> {
  const { base = {}, platform, layers, libraryPath = [], nodeFlags, created, labels } = options
  // A command of the base would be given to gpreg as its arguments.
  const { Cmd: _, ...inherited } = recordAt(base, 'config')
  const rootfs = recordAt(base, 'rootfs')
  const env = libraryPath.length === 0 ? [] : [`LD_LIBRARY_PATH=${libraryPath.join(':')}`]
  return {
    ...platform,
    ...base,
    created,
    config: {
      WorkingDir: HOME,
      Env: env,
      ...inherited,
      User: `${USER}:${USER}`,
      Entrypoint: [`${FOLDER}/node`, ...nodeFlags, `${FOLDER}/bin/run.js`],
      Labels: { ...recordAt(inherited, 'Labels'), ...labels },
    },
    rootfs: {
      type: 'layers',
      diff_ids: [...listAt(rootfs, 'diff_ids'), ...layers.map(({ diffId }) => diffId)],
    },
    history: [
      ...listAt(base, 'history'),
      ...layers.map(({ comment }) => ({ created, created_by: 'gpreg', comment })),
    ],
  }
}

/** @throws `manifest-invalid` */
export function parseImageConfig(bytes: Uint8Array, name: string): Readonly<Record<string, unknown>> {
  try {
    const config: unknown = JSON.parse(Buffer.from(bytes).toString())
    if (isRecord(config) && isRecord(config['rootfs'])) return config
  } catch {
    // The error below says it.
  }
  throw new GpregError('manifest-invalid', `${name} has no configuration of an image`, {
    reference: name,
    hint: 'name a Linux image as --base',
  })
}

function recordAt(record: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> {
  const value = record[key]
  return isRecord(value) ? value : {}
}

function listAt(record: Readonly<Record<string, unknown>>, key: string): readonly unknown[] {
  const value = record[key]
  return Array.isArray(value) ? value : []
}

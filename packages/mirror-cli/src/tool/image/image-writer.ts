import { dirname } from 'node:path'
import {
  digestOf,
  MediaType,
  pack,
  push,
  tag,
  type Descriptor,
  type Digest,
  type LayoutStore,
  type Platform,
} from '@gpreg/oci'
import { nodeFlags } from '../program-files.ts'
import type { PackedFile } from '../pack-files.ts'
import type { BasePlatform } from './base/base-image.ts'
import { imageConfig, type ImageConfig } from './image-config.ts'
import { nodeLayer, programLayer, systemLayer } from './layers.ts'
import type { NodeBinary } from './node-binaries.ts'
import { sharedLibraries } from './shared-libraries.ts'
import { writeLayer, type Layer } from './write-layer.ts'

/** What all platforms of the image share. */
export interface ImageDescription {
  /** the folder of the command's own package */
  readonly root: string
  readonly version: string
  readonly description: string
  /** the date in the image */
  readonly created: Date
}

/** An image for one platform, stored under its digest. */
export interface PlatformImage {
  readonly descriptor: Descriptor
  readonly platform: Platform
}

/** Writes gpreg's image into a layout, platform by platform. */
export class ImageWriter {
  readonly #layout: LayoutStore
  readonly #name: string
  readonly #description: ImageDescription
  readonly #signal: AbortSignal
  #program: Promise<Layer> | undefined

  /** @param name of the repository */
  constructor(layout: LayoutStore, name: string, description: ImageDescription, signal: AbortSignal) {
    this.#layout = layout
    this.#name = name
    this.#description = description
    this.#signal = signal
  }

  /** The image with the libraries of this machine, for a Node that runs here. */
  async writeAlone(node: NodeBinary): Promise<PlatformImage> {
    const libraries = await sharedLibraries(node.path)
    const system = await this.#layer(await systemLayer(libraries), 'libraries, certificates, user')
    const layers = [system, ...(await this.#upperLayers(node))]
    const libraryPath = [...new Set(libraries.map(dirname))].sort()
    return this.#writeImage({ os: 'linux', architecture: node.architecture }, { layers, libraryPath })
  }

  /** The images with Node and the program on each platform of a base. */
  async writeOnto(bases: readonly BasePlatform[], baseName: string): Promise<PlatformImage[]> {
    const images: PlatformImage[] = []
    for (const { node, platform, config, layers: below, digest } of bases) {
      const layers = await this.#upperLayers(node)
      const annotations = {
        'org.opencontainers.image.base.name': baseName,
        'org.opencontainers.image.base.digest': digest,
      }
      images.push(await this.#writeImage(platform, { base: config, layers }, below, annotations))
    }
    return images
  }

  /** Tags the one image, or an index of all of them, with the version. */
  async name(images: readonly PlatformImage[]): Promise<Digest> {
    const { version } = this.#description
    const [only] = images
    if (only !== undefined && images.length === 1) {
      const artifact = this.#layout.artifact(`${this.#name}@${only.descriptor.digest}`)
      return (await tag(artifact, version, { signal: this.#signal })).digest
    }
    const manifests = images.map(({ descriptor, platform }) => ({ ...descriptor, platform }))
    const index = {
      schemaVersion: 2,
      mediaType: MediaType.ociIndex,
      manifests,
      annotations: this.#annotations(),
    }
    const bytes = Buffer.from(JSON.stringify(index))
    const descriptor = { mediaType: MediaType.ociIndex, digest: digestOf(bytes), size: bytes.byteLength }
    await this.#layout.repository(this.#name).tag(version, descriptor, bytes, { signal: this.#signal })
    return descriptor.digest
  }

  async #writeImage(
    platform: Platform,
    { layers, base, libraryPath = [] }: Pick<ImageConfig, 'layers' | 'base' | 'libraryPath'>,
    below: readonly Descriptor[] = [],
    more: Readonly<Record<string, string>> = {},
  ): Promise<PlatformImage> {
    const annotations = { ...this.#annotations(), ...more }
    const document = imageConfig({
      platform,
      layers,
      libraryPath,
      ...(base === undefined ? {} : { base }),
      nodeFlags: await nodeFlags(this.#description.root),
      created: this.#created,
      labels: annotations,
    })
    // Nobody reads this tag: the manifest is copied by its digest.
    const artifact = this.#layout.artifact(`${this.#name}:${platform.os}-${platform.architecture}`)
    const call = { signal: this.#signal }
    const config = await push(artifact, JSON.stringify(document), { mediaType: MediaType.ociConfig, ...call })
    const all = [...below, ...layers.map(({ descriptor }) => descriptor)]
    const { mediaType, digest, size } = await pack(artifact, { config, layers: all, annotations, ...call })
    return { descriptor: { mediaType, digest, size }, platform }
  }

  /** Node and the program. The program is the same on all platforms. */
  async #upperLayers(node: NodeBinary): Promise<Layer[]> {
    const { root } = this.#description
    this.#program ??= programLayer(root).then(files => this.#layer(files, 'the program'))
    return [await this.#layer(nodeLayer(node), 'Node'), await this.#program]
  }

  #layer(files: readonly PackedFile[], comment: string): Promise<Layer> {
    return writeLayer(this.#layout.repository(this.#name), files, comment, this.#signal)
  }

  get #created(): string {
    return this.#description.created.toISOString().replace(/\.\d+Z$/, 'Z')
  }

  /** https://github.com/opencontainers/image-spec/blob/main/annotations.md */
  #annotations(): Record<string, string> {
    const { version, description } = this.#description
    return {
      'org.opencontainers.image.created': this.#created,
      'org.opencontainers.image.title': 'gpreg',
      'org.opencontainers.image.description': description,
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.licenses': 'Apache-2.0',
    }
  }
}

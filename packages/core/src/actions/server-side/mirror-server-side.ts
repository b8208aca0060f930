import { countRetries, type EngineOptions, type Registries } from '@gpreg/oci/engine'
import type { Context } from '../../context.ts'
import type { GpregEvent } from '../../events.ts'
import type { ImageSet } from '../../gitpod/image-set.ts'
import type { Importer } from '../../registry/importer.ts'
import { copyItems, describeError } from '../items.ts'
import {
  copyOptions,
  mirrorImages,
  type MirroredImage,
  type MirrorOptions,
  type MirrorResult,
} from '../mirror.ts'
import { importImages, type Imports } from './import-images.ts'

export interface ServerSideOptions extends MirrorOptions {
  readonly importer: Importer
}

/**
 * Mirrors a set into a registry that fetches images by itself. Afterwards the whole set is copied as always, which finds nothing to
 * do for the images that are there, brings their signatures, and copies what the registry did not fetch.
 * @throws as `mirrorImages`; `unauthorized` and `forbidden` if the registry takes no requests of this machine, before anything is copied
 */
export async function mirrorServerSide(
  set: ImageSet,
  registries: Registries,
  { importer, ...options }: ServerSideOptions,
  context: Context,
): Promise<MirrorResult> {
  const started = context.now()
  const before = registries.traffic()
  const retries = countRetries<GpregEvent>(context)
  const noted = { ...options, unfinished: options.unfinished ?? rememberedReferrers() }
  const imports = await importImages(
    copyItems(set, registries),
    importer,
    copyOptions(noted, registries),
    retries.context,
  )
  const repair = options.repair || imports.needsRepair
  const result = await mirrorImages(set, registries, { ...noted, repair }, telling(imports, context))
  const { requests } = registries.traffic()
  return withImports(result, imports, {
    requests: {
      source: requests.source - before.requests.source,
      target: requests.target - before.requests.target,
    },
    retries: result.totals.retries + retries.count(),
    seconds: (context.now() - started) / 1000,
  })
}

/** Remembers within this run which images lack referrers. */
function rememberedReferrers(): NonNullable<EngineOptions['unfinished']> {
  const names = new Set<string>()
  return {
    has: async image => names.has(image),
    note: async image => void names.add(image),
    forget: async image => void names.delete(image),
  }
}

/** The copy finds an image up to date that this run brought: for whoever watches, it was copied. */
function telling({ fetched }: Imports, context: Context): Context {
  const emit: Context['emit'] = event =>
    context.emit(
      event.type === 'image.up-to-date' && fetched.has(event.image)
        ? { ...event, type: 'image.copied' }
        : event,
    )
  return { ...context, emit }
}

type Measured = Pick<MirrorResult['totals'], 'requests' | 'retries' | 'seconds'>

function withImports(
  { images, totals, ...rest }: MirrorResult,
  { fetched, refused }: Imports,
  measured: Measured,
): MirrorResult {
  const rows = images.map((image): MirroredImage => {
    const { target, status } = image
    if (fetched.has(target) && status !== 'failed') return { ...image, status: 'copied', via: 'server-side' }
    const error = refused.get(target)
    return {
      ...image,
      ...(status === 'copied' ? { via: 'line' } : {}),
      ...(error === undefined ? {} : { notServerSide: describeError(error) }),
    }
  })
  const count = (is: (row: MirroredImage) => boolean) => rows.filter(is).length
  return {
    ...rest,
    images: rows,
    totals: {
      ...totals,
      copied: count(({ status }) => status === 'copied'),
      upToDate: count(({ status }) => status === 'up-to-date'),
      serverSide: count(({ via }) => via === 'server-side'),
      ...measured,
    },
  }
}

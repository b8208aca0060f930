import { join } from 'node:path'
import { isGpregError } from '@gpreg/oci'
import type { Context } from '../../../context.ts'
import { purposeOf, type FoundImage } from '../found-image.ts'
import { parseImageList } from '../list/image-list.ts'
import { imagesInValue, type Doubt } from '../walk/value-images.ts'
import { formatPath } from '../walk/value-path.ts'
import type { ChartFiles } from './chart-files.ts'
import { subchartsOf, textAt } from './dependencies.ts'
import { mapAt, overlay, parseValues, type Values } from './values.ts'

/** Annotations that list the images of a chart. https://artifacthub.io/docs/topics/annotations/helm/ */
const LISTS = ['artifacthub.io/images', 'images'] as const

/**
 * Finds images in the values of a chart and of the charts in it, and in the annotations of their `Chart.yaml`. Names that are
 * split over keys are put together; where they have no tag, it is the chart's `appVersion`, as is the custom of charts.
 * @param overlays values that are laid over those of the chart; later ones win
 */
export async function unrenderedImages(
  files: ChartFiles,
  path: string,
  overlays: readonly Values[],
  context: Context,
): Promise<FoundImage[]> {
  const read = (name: string) => parseValues(files.texts.get(name) ?? '', join(path, name))
  const about = read('Chart.yaml')
  const values = overlays.reduce(overlay, read('values.yaml'))
  const { subcharts, missing } = subchartsOf(files, path, values)
  for (const name of missing)
    warn(`${path}: the dependency ${name} is not in charts/, so its images are missing`, path, context)
  const keys = new Set(subcharts.map(({ key }) => key))
  const own = Object.fromEntries(Object.entries(values).filter(([key]) => !keys.has(key)))
  const images = [
    ...(await annotatedImages(about, join(path, 'Chart.yaml'), context)),
    ...valueImages(own, textAt(about, 'appVersion'), join(path, 'values.yaml'), context),
  ]
  for (const subchart of subcharts.filter(({ isEnabled }) => isEnabled)) {
    const shared = { global: mapAt(values, 'global') }
    images.push(
      ...(await unrenderedImages(
        subchart.files,
        subchart.path,
        [mapAt(values, subchart.key), shared],
        context,
      )),
    )
  }
  return images
}

function valueImages(
  values: Values,
  appVersion: string | undefined,
  path: string,
  context: Context,
): FoundImage[] {
  const { mentions, doubts } = imagesInValue(
    values,
    appVersion === undefined ? {} : { defaultTag: appVersion },
  )
  for (const doubt of doubts) {
    const why = REASONS[doubt.why]
    if (why !== undefined) warn(`${path}: ${formatPath(doubt.path)}: ${doubt.reason ?? why}`, path, context)
  }
  return mentions.map(({ source, path: at }) => ({
    source,
    purpose: purposeOf(source),
    origins: [`chart:${path}:${formatPath(at)}`],
  }))
}

/** An ID is no image that could be missing. */
const REASONS: Readonly<Record<Doubt['why'], string | undefined>> = {
  empty: 'names no image, so a template names it',
  placeholder: 'has a placeholder, which a template fills in',
  malformed: 'is no image reference',
  unsure: 'may be an image',
  alone: 'may be a part of a name',
  id: undefined,
  output: undefined,
}

/** A list that cannot be read is told and does not end the run, because it is only an addition to the values. */
async function annotatedImages(about: Values, path: string, context: Context): Promise<FoundImage[]> {
  const annotations = mapAt(about, 'annotations')
  const images: FoundImage[] = []
  for (const key of LISTS) {
    const text = textAt(annotations, key)
    if (text === undefined) continue
    try {
      images.push(...(await parseImageList(text, `${path}: ${key}`, context)))
    } catch (thrown) {
      if (!isGpregError(thrown)) throw thrown
      warn(thrown.message, path, context)
    }
  }
  return images.map(image => ({ ...image, origins: [`chart:${path}`] }))
}

function warn(message: string, path: string, { emit }: Context): void {
  emit({ type: 'warning', code: 'chart', message, subject: { path } })
}

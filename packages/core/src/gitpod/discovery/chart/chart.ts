import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from '../../../context.ts'
import { invalidInput, reading, readText } from '../../../input.ts'
import type { FoundImage } from '../found-image.ts'
import { parseManifests } from '../manifests/manifests.ts'
import { readChart } from './chart-files.ts'
import { renderChart, splitRendered } from './helm.ts'
import { unrenderedImages } from './unrendered.ts'
import { parseValues } from './values.ts'

/**
 * Finds the images of a Helm chart on disk: in what `helm template` prints, or in its values if helm is not installed. Nothing
 * is asked from the network.
 * @param valuesFiles files with values; later ones win
 * @throws `input-unreadable`, `input-invalid` if this is no chart or helm cannot render it, `reference-invalid`
 */
export async function chartImages(
  path: string,
  valuesFiles: readonly string[],
  context: Context,
): Promise<FoundImage[]> {
  // helm would look for names that are no path in its repositories, and for URLs in the network.
  for (const file of [path, ...valuesFiles]) await assertLocal(file)
  const rendered = await renderChart(path, valuesFiles, context)
  if (rendered === undefined) return readWithoutHelm(path, valuesFiles, context)
  return splitRendered(rendered).flatMap(({ template, text }) => {
    const file = join(path, template)
    // Lines of rendered text are no lines of the template, so the template alone is named.
    return parseManifests(text, file, context).map(image => ({ ...image, origins: [`chart:${file}`] }))
  })
}

async function readWithoutHelm(
  path: string,
  valuesFiles: readonly string[],
  context: Context,
): Promise<FoundImage[]> {
  const files = await readChart(path)
  const message = `${path}: helm is not installed, so the chart is not rendered; images that only its templates name are missing. Install helm, or give rendered manifests with --manifests`
  context.emit({ type: 'warning', code: 'chart', message, subject: { path } })
  const overlays = await Promise.all(valuesFiles.map(async file => parseValues(await readText(file), file)))
  return unrenderedImages(files, path, overlays, context)
}

async function assertLocal(path: string): Promise<void> {
  if (/^[a-z]+:\/\//i.test(path))
    throw invalidInput(path, undefined, 'this is not on disk', 'fetch it first, e.g. with helm pull')
  await reading(path, () => stat(path))
}

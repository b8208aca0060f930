import type { MirrorResult } from '@gpreg/core'
import { renderMirror } from '../../render/mirror.ts'
import { plain, type Paint } from '../../render/text/paint.ts'

/** The name of the image and its platforms, then what was sent. */
export function renderToolPush(
  result: MirrorResult & { readonly platforms: readonly string[] },
  paint: Paint = plain,
): string {
  const names = result.images.flatMap(({ target, digest, status }) =>
    status === 'failed' ? [] : [`${target}@${digest}  ${result.platforms.join(', ')}`],
  )
  return [...names, renderMirror(result, paint)].join('\n')
}

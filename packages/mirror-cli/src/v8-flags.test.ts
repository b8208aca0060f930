import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

/** Goes through a copy with the flags. V8 prints a message for a flag that it does not know. */
const COPY = `
import { tuneV8 } from '${new URL('v8-flags.ts', import.meta.url).href}'
const types = []
const emit = tuneV8(event => event.type !== 'plan.image' && types.push(event.type))
for (const images of [62, 10_000]) {
  emit({ type: 'plan.started', images })
  for (let image = 0; image < images; image++) emit({ type: 'plan.image', image: 'image-' + image, upToDate: false })
  emit({ type: 'plan.done', images, blobs: 0, bytes: 0 })
  emit({ type: 'blob.started', digest: 'sha256:0', size: 0, image: 'image-0' })
}
console.log(types.join(' '))
`

it('sets flags that V8 knows, and hands each event on', () => {
  const args = ['--conditions=gpreg-source', '--input-type=module', '--eval', COPY]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(stdout.trim()).toBe('plan.started plan.done blob.started plan.started plan.done blob.started')
})

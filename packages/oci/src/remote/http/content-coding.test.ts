import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { pack } from '../../artifact/pack.ts'
import { push } from '../../artifact/push.ts'
import { copy } from '../../copy/copy.ts'
import { artifactIn } from '../../store/artifact.ts'
import { fetchBytes } from '../../store/verify.ts'
import { compressing } from '../../testing/oddities.ts'
import { oddRegistry, type Oddity } from '../../testing/odd-registry.ts'
import { openRemote } from '../remote.ts'

async function copied(oddity: Oddity) {
  await using source = await oddRegistry()
  await using target = await oddRegistry()
  const image = artifactIn(source.store, 'app:1')
  const content = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * index) % 251))
  const layer = await push(image, content)
  const { digest } = await pack(image, { artifactType: 'application/vnd.example.v1', layers: [layer] })
  source.oddities.push(oddity)
  await using remote = await openRemote({ credentials: { find: async () => undefined } })
  const root = await copy(remote.artifact(`${source.host}/app:1`), remote.artifact(`${target.host}/app:1`))
  expect(root.digest).toBe(digest)
  const { repository } = artifactIn(target.store, 'app:1').source
  expect(Buffer.compare(Buffer.from(await fetchBytes(repository, layer)), content)).toBe(0)
}

describe('a compressed answer that nobody asked for', () => {
  it('is read if it is gzip', () => copied(compressing(gzipSync, 'gzip')))

  it('is told by its name if it is something else', async () => {
    await expect(copied(compressing(brotliCompressSync, 'br'))).rejects.toMatchObject({
      code: 'protocol',
      message: expect.stringContaining('br'),
      hint: expect.stringContaining('compression'),
    })
  })

  it('is the content itself if it has the length of the content', () =>
    copied(compressing(bytes => bytes, 'gzip')))
})

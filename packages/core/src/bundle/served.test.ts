import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isReferrerLister, isWritable, LayoutStore } from '@gpreg/oci'
import { pushSample, sampleImage } from '@gpreg/oci/testing'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { createContext } from '../context.ts'
import { openServedStore } from './served.ts'

const directories: string[] = []
afterAll(() => Promise.all(directories.map(directory => rm(directory, { recursive: true }))))

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gpreg-served-'))
  directories.push(root)
})

const serve = (readOnly = false) => openServedStore([root], undefined, createContext(), { readOnly })

describe('a served layout', () => {
  it('has one process that writes it, and the next one when that is done', async () => {
    {
      await using _ = await serve()
      await expect(serve()).rejects.toMatchObject({
        code: 'storage',
        message: expect.stringContaining(`process ${process.pid} on ${hostname()}`),
        hint: expect.stringContaining('--read-only'),
        subject: { path: root },
      })
    }
    await (await serve())[Symbol.asyncDispose]()
  })

  it('is free again after its process was killed', async () => {
    const script = `
      import { openServedStore } from ${JSON.stringify(new URL('served.ts', import.meta.url).href)}
      import { createContext } from ${JSON.stringify(new URL('../context.ts', import.meta.url).href)}
      await openServedStore([${JSON.stringify(root)}], undefined, createContext())
      console.log('serving')
      setInterval(() => {}, 1000)`
    const killed = spawn(process.execPath, ['-C', 'gpreg-source', '--input-type=module', '-e', script])
    await once(killed.stdout, 'data')
    await expect(serve()).rejects.toMatchObject({
      message: expect.stringContaining(`process ${killed.pid} on`),
    })
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    await (await serve())[Symbol.asyncDispose]()
  }, 20_000)

  it('is not made by a run that is already interrupted', async () => {
    const path = join(root, 'new')
    const context = createContext({ signal: AbortSignal.abort() })
    await expect(openServedStore([path], undefined, context)).rejects.toMatchObject({ code: 'aborted' })
    expect(await readdir(root)).toEqual([])
  })

  it('shows a reader beside the writer every new tag and referrer', async () => {
    await using writing = await serve()
    await using reading = await serve(true)
    const image = sampleImage(['x'])
    const theirs = writing.store.repository('team/app')
    if (!isWritable(theirs)) throw new Error('it is not writable')
    const ours = reading.store.repository('team/app')
    await expect(ours.resolve('1')).rejects.toMatchObject({ code: 'not-found' })
    await pushSample(theirs, image, '1')
    expect(await ours.resolve('1')).toEqual(image.descriptor)
    if (!isReferrerLister(ours)) throw new Error('it lists no referrers')
    expect(await ours.referrers(image.descriptor.digest)).toEqual([])
    const sbom = sampleImage(['sbom'], { subject: image.descriptor })
    await pushSample(theirs, sbom)
    expect(await ours.referrers(image.descriptor.digest)).toMatchObject([{ digest: sbom.descriptor.digest }])
  })

  it('is not touched by a reader, not even with a file that is removed again', async () => {
    const layout = await LayoutStore.open(root)
    await pushSample(layout.repository('a'), sampleImage(['x']), '1')
    await rm(join(root, 'ingest'), { recursive: true })
    const before = await timesBelow(root)
    await using served = await serve(true)
    await served.store.repository('a').resolve('1')
    expect(isWritable(served.store.repository('a'))).toBe(false)
    expect(await timesBelow(root)).toEqual(before)
  })

  it('is not made for a reader', async () => {
    await expect(serve(true)).rejects.toMatchObject({ code: 'input-invalid', hint: expect.any(String) })
    expect(await readdir(root)).toEqual([])
  })
})

/** Every path below a folder, with the times of its last changes. */
async function timesBelow(folder: string): Promise<Record<string, readonly number[]>> {
  const names = ['.', ...(await readdir(folder, { recursive: true }))]
  const entries = names.map(async name => {
    const { mtimeMs, ctimeMs } = await stat(join(folder, name))
    return [name, [mtimeMs, ctimeMs]] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

import { spawnSync } from 'node:child_process'
import { utimesSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Claim } from './claim.ts'

const directories: string[] = []
afterAll(() => Promise.all(directories.map(directory => rm(directory, { recursive: true }))))

async function newFolder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gpreg-claim-'))
  directories.push(directory)
  return directory
}

describe('a claim', () => {
  it('is refused with the process and host that hold it, and with the hint of its caller', async () => {
    const folder = await newFolder()
    await using _ = await Claim.make(folder, '/srv/registry')
    await expect(Claim.make(folder, '/srv/registry', { hint: 'wait' })).rejects.toMatchObject({
      code: 'storage',
      message: expect.stringMatching(
        new RegExp(`^/srv/registry is in use: .*process ${process.pid} on ${hostname()}`),
      ),
      hint: 'wait',
      subject: { path: '/srv/registry' },
    })
    expect(await readdir(folder)).toHaveLength(1)
  })

  it('is free again when it is disposed, and nothing of it is left', async () => {
    const folder = await newFolder()
    await (await Claim.make(folder, folder))[Symbol.asyncDispose]()
    await (await Claim.make(folder, folder))[Symbol.asyncDispose]()
    expect(await readdir(folder)).toEqual([])
  })

  it('of a killed process does not count', async () => {
    const folder = await newFolder()
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    await writeFile(join(folder, `claim~${hostname()}~${pid}~1~x`), '')
    await using _ = await Claim.make(folder, folder)
    expect(await readdir(folder)).toHaveLength(1)
  })

  it('is lost when another takes it for gone', async () => {
    const folder = await newFolder()
    await using claim = await Claim.make(folder, '/srv/registry')
    await claim.assertHeld()
    for (const name of await readdir(folder)) await rm(join(folder, name))
    await expect(claim.assertHeld()).rejects.toMatchObject({
      code: 'storage',
      message: expect.stringMatching(/^\/srv\/registry was taken over/),
    })
  })

  it('goes to one of several that start together', async () => {
    const folder = await newFolder()
    const claims = await Promise.allSettled(Array.from({ length: 4 }, () => Claim.make(folder, folder)))
    expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const claim of claims) if (claim.status === 'fulfilled') await claim.value[Symbol.asyncDispose]()
  })
})

describe.concurrent('a claim of another host or container', () => {
  const marks = {
    'another host': `claim~other-host~${process.pid}~1~x~1`,
    'a container with the same host name': `claim~${hostname()}~1~1~x~1`,
  }

  it.each(Object.entries(marks))(
    'counts while it shows signs of life: %s',
    async (_, name) => {
      const folder = await newFolder()
      const file = join(folder, name)
      await writeFile(file, '')
      let time = 1
      // At once, so that whoever looks after this timer sees it.
      const beat = setInterval(() => utimesSync(file, ++time, time), 100)
      try {
        await expect(Claim.make(folder, folder)).rejects.toMatchObject({ code: 'storage' })
      } finally {
        clearInterval(beat)
      }
      expect(await readdir(folder)).toEqual([name])
    },
    30_000,
  )

  it.each(Object.entries(marks))(
    'is gone after a silence: %s',
    async (_, name) => {
      const folder = await newFolder()
      await writeFile(join(folder, name), '')
      await using claim = await Claim.make(folder, folder)
      expect(claim).toBeDefined()
      expect(await readdir(folder)).not.toContain(name)
    },
    30_000,
  )

  it('is not waited for after an interruption', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, marks['another host']), '')
    const made = Claim.make(folder, folder, { signal: AbortSignal.timeout(50) })
    await expect(made).rejects.toThrow()
    expect(await readdir(folder)).toEqual([marks['another host']])
  })

  it('sees signs of life of ours', async ({ expect }) => {
    const folder = await newFolder()
    await using _ = await Claim.make(folder, folder)
    const [name = ''] = await readdir(folder)
    await utimes(join(folder, name), 1, 1)
    await expect
      .poll(async () => (await stat(join(folder, name))).mtimeMs, { timeout: 10_000 })
      .not.toBe(1000)
  }, 30_000)
})

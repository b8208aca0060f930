import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { assertTar } from './tar-file.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpreg-tar-'))
})
afterAll(() => rm(directory, { recursive: true }))

it.each([
  ['gzip', '1f8b0800', 'uncompress it first: gunzip '],
  ['zstd', '28b52ffd', 'uncompress it first: unzstd '],
  ['xz', 'fd377a585a00', 'uncompress it first: unxz '],
  ['no form that is known', '00ff00ff', 'name the directory, the tar or the volumes'],
])('a file compressed with %s is refused, with the command that helps', async (_, start, hint) => {
  const path = join(directory, 'x.tar')
  await writeFile(path, Buffer.concat([Buffer.from(start, 'hex'), Buffer.alloc(600, 7)]))
  await expect(assertTar(path)).rejects.toMatchObject({
    code: 'input-invalid',
    hint: expect.stringContaining(hint),
  })
})

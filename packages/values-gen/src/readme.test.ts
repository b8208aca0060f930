import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

it('the program of the README runs', { timeout: 60_000 }, async () => {
  const readme = await readFile(here('../README.md'), 'utf8')
  const program = /^```js\n(.*?)^```$/ms.exec(readme)?.[1] ?? ''
  const directory = await mkdtemp(join(tmpdir(), 'gpreg-readme-'))
  try {
    await symlink(here('../../../node_modules'), join(directory, 'node_modules'))
    await writeFile(join(directory, 'program.mjs'), program)
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=gpreg-source', 'program.mjs'],
      { cwd: directory },
    )
    expect(stdout).toContain('repository: registry.internal:5000/gitpod')
    expect(stdout).toContain('Secret mirror-registry goes to mirror-registry.yaml')
    expect(stdout).toMatch(/^0 findings$/m)
  } finally {
    await rm(directory, { recursive: true })
  }
})

import { rename, rm, writeFile } from 'node:fs/promises'
import { GpregError } from '@gpreg/core'

/** Writes a file whole or not at all: a reader never sees half of it, and what was there stays if this fails. */
export async function writeOutputFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`
  try {
    await writeFile(draft, text)
    await rename(draft, path)
  } catch (cause) {
    await rm(draft, { force: true })
    throw new GpregError('storage', `cannot write ${path}`, {
      path,
      cause,
      hint: 'name a file in a directory that exists and can be written to',
    })
  }
}

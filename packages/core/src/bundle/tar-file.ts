import { open } from 'node:fs/promises'
import { GpregError } from '@gpreg/oci'

const MAGIC = Buffer.from('ustar')
const MAGIC_AT = 257
/** The first bytes of compressed files, and the command that uncompresses them. */
const COMPRESSED = [
  { start: Buffer.from([0x1f, 0x8b]), command: 'gunzip' },
  { start: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), command: 'unzstd' },
  { start: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), command: 'unxz' },
]
/** A tar with one damaged byte is a damaged bundle. */
const MOST_DAMAGED = 1

/**
 * Refuses a file that is no tar at all, such as a list that was named in place of a bundle.
 * @param path the first or only volume
 * @throws `input-invalid`
 */
export async function assertTar(path: string): Promise<void> {
  await using file = await open(path)
  const start = Buffer.alloc(MAGIC_AT + MAGIC.byteLength)
  const { bytesRead } = await file.read(start, 0, start.byteLength, 0)
  const wrong = MAGIC.filter((byte, at) => byte !== start[MAGIC_AT + at]).length
  if (wrong <= MOST_DAMAGED || start.every(byte => byte === 0)) return
  const compressed = COMPRESSED.find(form => start.subarray(0, form.start.length).equals(form.start))
  throw new GpregError(
    'input-invalid',
    `${path} is no bundle: it is ${bytesRead === 0 ? 'empty' : compressed ? 'compressed' : 'not a tar'}`,
    {
      path,
      hint: compressed
        ? `uncompress it first: ${compressed.command} ${path}`
        : 'name the directory, the tar or the volumes that gpreg bundle save wrote, or an OCI image layout',
    },
  )
}

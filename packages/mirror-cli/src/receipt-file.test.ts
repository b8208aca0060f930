import { mkdtempDisposable, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseReceipt, type Receipt } from '@gpreg/core'
import { ReceiptFile } from './receipt-file.ts'

const receipt: Receipt = {
  kind: 'Receipt',
  version: 1,
  created: '2026-11-25T00:00:00.000Z',
  target: 'registry.internal/gitpod',
  images: [],
  blobs: [],
}
const temporary = () => mkdtempDisposable(join(tmpdir(), 'gpreg-receipt-'))

it('is written at the end of the work', async () => {
  await using directory = await temporary()
  const path = join(directory.path, 'receipt.json')
  const file = await ReceiptFile.open(path)
  await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' })
  await file.write(() => receipt)
  expect(parseReceipt(await readFile(path, 'utf8'), path)).toEqual(receipt)
  expect([file.failure, file.exitCode]).toEqual([undefined, 0])
})

it('is not made if nobody asked for it', async () => {
  const file = await ReceiptFile.open(undefined)
  await file.write(() => expect.unreachable())
  expect(file.exitCode).toBe(0)
})

it.each(['/dev', '/dev/missing/receipt.json', '/dev/null/receipt.json'])(
  '%s is refused before the work',
  async path => {
    await expect(ReceiptFile.open(path)).rejects.toMatchObject({ code: 'storage', subject: { path } })
  },
)

it('may be a device', async () => {
  await ReceiptFile.open('/dev/null')
})

it('that cannot be written any more leaves the answer of the work, and an exit code that says so', async () => {
  await using directory = await temporary()
  const file = await ReceiptFile.open(join(directory.path, 'receipt.json'))
  await directory.remove()
  await file.write(() => receipt)
  expect(file.failure).toMatchObject({ code: 'storage' })
  expect(file.exitCode).toBe(2)
})

import { expect, it } from 'vitest'
import { readError, storageError } from './layout-files.ts'

const errorOf = (code: string) => Object.assign(new Error(code), { code })

it.each([
  ['ENOSPC', /^make room/],
  ['EFBIG', /--volume-size 4GB/],
  ['EIO', /its disk is broken/],
  ['EACCES', /permissions/],
])('an error %s of the disk says what to do', (code, hint) => {
  const thrown = storageError(errorOf(code), 'x.tar')
  expect(thrown).toMatchObject({ code: 'storage', hint: expect.stringMatching(hint) })
})

it('bytes that the disk cannot give back are damaged, and others are there', () => {
  expect(readError(errorOf('EIO'), 'x.tar')).toMatchObject({
    code: 'bundle-damaged',
    message: 'x.tar cannot be read (EIO)',
  })
  expect(readError(errorOf('EACCES'), 'x.tar')).toMatchObject({ code: 'storage' })
})

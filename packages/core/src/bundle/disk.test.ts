import { expect, it } from 'vitest'
import { diskFull } from './disk.ts'

it.each([
  ['the bytes that are missing', { needed: 500, free: 100 }, '400 bytes more are needed'],
  [
    'what else may be used up',
    { needed: 500, free: 800 },
    '800 bytes are free, but a quota or the number of files is used up',
  ],
])('a full disk is told with %s', (_, space, message) => {
  expect(diskFull('/media/usb', space, undefined)).toMatchObject({
    code: 'storage',
    message: `the disk of /media/usb is full: ${message}`,
  })
})

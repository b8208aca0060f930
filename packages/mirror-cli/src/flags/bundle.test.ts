import { describe, expect, test } from 'vitest'
import { parseOutput, parseVolumeSize } from './bundle.ts'

describe('--volume-size', () => {
  test.each([
    ['4GB', 4e9],
    ['4.7GB', 4.7e9],
    ['700MiB', 700 * 2 ** 20],
    ['700 mib', 700 * 2 ** 20],
    ['5000000', 5e6],
  ])('%s is %i bytes', (text, bytes) => {
    expect(parseVolumeSize(text)).toBe(bytes)
  })

  test.each(['', '4', '4XB', '-4GB', 'GB', '1e9', '100KB'])('%j is refused', text => {
    expect(() => parseVolumeSize(text)).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})

describe('-o', () => {
  test.each([
    ['x.tar', undefined, false, { path: 'x.tar', form: 'archive' }],
    ['./a//x.tar', undefined, false, { path: 'a/x.tar', form: 'archive' }],
    ['../x.tar', undefined, false, { path: '../x.tar', form: 'archive' }],
    ['.', undefined, true, { path: '.', form: 'directory' }],
    ['dir/', undefined, false, { path: 'dir', form: 'directory' }],
    ['dir', undefined, true, { path: 'dir', form: 'directory' }],
    ['x', '4GB', false, { path: 'x', form: 'archive', volumeSize: 4e9 }],
  ] as const)('%s with volumes of %s', (output, size, isDirectory, expected) => {
    expect(parseOutput(output, size, isDirectory)).toEqual(expected)
  })

  test.each(['x.tar.gz', './x.tgz', 'x.zst'])('%s is refused, because a bundle is not compressed', output => {
    expect(() => parseOutput(output, undefined, false)).toThrow(
      expect.objectContaining({ code: 'usage', hint: expect.stringMatching(/^write x\.tar:/) }),
    )
  })

  test.each([
    ['x', undefined, false],
    ['dir/', '4GB', false],
  ])('%s with volumes of %s is refused', (output, size, isDirectory) => {
    expect(() => parseOutput(output, size, isDirectory)).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})

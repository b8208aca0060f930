import { expect, it } from 'vitest'
import { sameInput } from './same-input.ts'

it('gives every round what was read once, and refuses to be named twice in a round', async () => {
  let reads = 0
  const begin = sameInput(async () => {
    if (++reads > 1) throw new Error('named twice')
    return 'a list'
  })
  for (let round = 0; round < 3; round++) expect(await begin()()).toBe('a list')
  const read = begin()
  await read()
  await expect(read()).rejects.toThrow('named twice')
})

import { expect, it } from 'vitest'
import { memoryVault } from '../secret-vault.ts'
import { VaultJournal } from './vault-journal.ts'

it('keeps written entries, replaces entries of the same name, and removes undefined entries', async () => {
  const vault = memoryVault()
  const journal = new VaultJournal<'begun' | 'superseded'>(vault)
  expect(await journal.get('begun')).toBeUndefined()
  await journal.write({ begun: ['bucket'] })
  await journal.write({ superseded: ['AKIA1'] })
  expect(await journal.get('begun')).toEqual(['bucket'])
  expect(await journal.with({ begun: undefined, superseded: ['AKIA2'] })).toEqual({ superseded: ['AKIA2'] })
  expect((await vault.read()).journal).toEqual({ begun: ['bucket'], superseded: ['AKIA1'] })
})

import { createRequire } from 'node:module'
import { expect, it } from 'vitest'
import { PUBLIC_TRUSTED_ROOT } from './public-trusted-root.ts'

it('is that of the installed @sigstore/tuf', () => {
  const seeds = createRequire(import.meta.url)('@sigstore/tuf/seeds.json')
  const { targets } = seeds['https://tuf-repo-cdn.sigstore.dev']
  const root: unknown = JSON.parse(Buffer.from(targets['trusted_root.json'], 'base64').toString())
  expect(PUBLIC_TRUSTED_ROOT).toEqual(root)
})

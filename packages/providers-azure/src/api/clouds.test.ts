import { AzureAuthorityHosts } from '@azure/identity'
import { expect, it } from 'vitest'
import { CLOUDS } from './clouds.ts'

it('each cloud has the authority that the SDK has for it', () => {
  const { public: known, usgov, china } = CLOUDS
  expect([known, usgov, china].map(({ authority }) => authority)).toEqual([
    AzureAuthorityHosts.AzurePublicCloud,
    AzureAuthorityHosts.AzureGovernment,
    AzureAuthorityHosts.AzureChina,
  ])
})

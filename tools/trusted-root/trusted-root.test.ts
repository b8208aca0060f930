import { expect, it } from 'vitest'
import { PUBLIC_TRUSTED_ROOT } from '../../packages/core/src/signatures/public-trusted-root.ts'
import { publicTrustedRoot } from './seeds.ts'

it('core has the trusted root of the installed @sigstore/tuf', () =>
  expect(PUBLIC_TRUSTED_ROOT).toEqual(publicTrustedRoot()))

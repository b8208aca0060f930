import { createContext } from '@gpreg/core'
import { expect, it } from 'vitest'
import { scriptedAws, xmlError } from '../testing/scripted-aws.ts'
import { checkBucket } from './canary.ts'

const bucket = 'blobs'

it.each([
  ['AccessDenied', 403, 'a policy of the bucket'],
  ['InvalidAccessKeyId', 403, '--rotate'],
  ['AccessControlListNotSupported', 400, 'put-bucket-ownership-controls'],
])(
  "a refusal of the registry's key by %s says nothing of the caller's rights",
  async (name, status, advice) => {
    const { clients } = scriptedAws('eu-west-1', () => ({ status, body: xmlError(name) }))
    let now = 0
    const context = createContext({ now: () => now, sleep: async ms => void (now += ms) })
    const checks = await checkBucket({ s3: clients.s3, bucket, isForeign: false }, context)
    const failed = checks.filter(({ status: state }) => state === 'failed')
    expect(failed.map(({ name: step }) => step)).toEqual(['write', 'delete', 'encrypted write'])
    for (const { hint } of failed) {
      expect(hint).toContain(advice)
      expect(hint).not.toMatch(/whoever runs this|aws sso login/)
    }
  },
)

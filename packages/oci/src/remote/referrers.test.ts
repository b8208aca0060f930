import { describe, expect, it } from 'vitest'
import { attach, discover } from '../artifact/attach.ts'
import { pack } from '../artifact/pack.ts'
import { remove } from '../artifact/tags.ts'
import { oddRegistry } from '../testing/odd-registry.ts'
import { withoutReferrersApi } from '../testing/oddities.ts'
import { openRemote } from './remote.ts'

const REPORT = 'application/vnd.example.report.v1'
const noLogins = { credentials: { find: async () => undefined } }

describe('a registry without the referrers API', () => {
  it('loses a referrer that is removed from the list under the fallback tag, too', async () => {
    await using registry = await oddRegistry(withoutReferrersApi)
    await using remote = await openRemote(noLogins)
    const at = (name: string) => remote.artifact(`${registry.host}/${name}`)
    const image = at('app:1.0')
    await pack(image, { artifactType: REPORT })
    const first = await attach(image, { artifactType: REPORT, annotations: { n: '1' } })
    const second = await attach(image, { artifactType: REPORT, annotations: { n: '2' } })
    expect((await discover(image)).map(({ digest }) => digest)).toEqual([first.digest, second.digest])
    await remove(at(`app@${first.digest}`))
    expect((await discover(image)).map(({ digest }) => digest)).toEqual([second.digest])
  })
})

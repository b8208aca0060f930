import { describe, expect, it } from 'vitest'
import { attach, discover } from '../artifact/attach.ts'
import { pack } from '../artifact/pack.ts'
import { remove } from '../artifact/tags.ts'
import { answer, oddRegistry, type OddRegistry } from '../testing/odd-registry.ts'
import { isFor, refusing, withoutReferrersApi } from '../testing/oddities.ts'
import { openRemote } from './remote.ts'

const REPORT = 'application/vnd.example.report.v1'
const noLogins = { credentials: { find: async () => undefined } }

const subject = (digit: string) => `sha256:${digit.repeat(64)}` as const

const questions = ({ seen }: OddRegistry) => seen.filter(({ url }) => url.includes('/referrers/')).length

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

  it('is asked a few times only, however many repositories it has', async () => {
    await using registry = await oddRegistry(withoutReferrersApi)
    await using remote = await openRemote(noLogins)
    for (let index = 0; index < 20; index++)
      await remote.artifact(`${registry.host}/app-${index}`).target.repository.referrers(subject('a'))
    expect(questions(registry)).toBe(3)
  })
})

describe('a registry with the referrers API', () => {
  const image = subject('a')

  it('is asked for no page twice, wherever its links lead', async () => {
    const link = { link: '<?last=x>; rel="next"' }
    await using registry = await oddRegistry((request, response) =>
      isFor(request, 'GET', /referrers/) ? answer(response, 200, '{"manifests":[]}', link) : false,
    )
    await using remote = await openRemote(noLogins)
    expect(await remote.artifact(`${registry.host}/app:1`).target.repository.referrers(image)).toEqual([])
    expect(questions(registry)).toBe(2)
  })

  it.each([
    ['another repository', 'old', image],
    ['a digest of another algorithm', 'app', `sha512:${'a'.repeat(128)}`],
    ['another subject, after a list', 'app', subject('b')],
  ] as const)('is asked again after no list for %s', async (_, name, asked) => {
    await using registry = await oddRegistry()
    await using remote = await openRemote(noLogins)
    const at = (repository: string) => remote.artifact(`${registry.host}/${repository}`).target.repository
    if (asked === subject('b')) await at(name).referrers(image)
    registry.oddities.push(refusing('GET', new RegExp(`${name}/referrers/${asked}`), 400))
    await at(name).referrers(asked)
    await at(name).referrers(asked)
    const before = questions(registry)
    await at('app').referrers(image)
    await at('app').referrers(image)
    expect(questions(registry)).toBe(before + 2)
  })
})

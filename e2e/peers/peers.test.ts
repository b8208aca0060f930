import { afterAll, describe, expect, it } from 'vitest'
import { OutcomeTable } from '../support/outcome-table.ts'
import { runContest } from './contest.ts'
import { gpreg, installedPeers, missingPeers, type Peer } from './peers.ts'
import type { Situation } from './situation.ts'
import { SITUATIONS } from './situations/index.ts'

describe.concurrent('gpreg copies wherever a peer copies', () => {
  const contestants = [gpreg, ...installedPeers]
  const table = new OutcomeTable({
    heads: ['about', 'registry'],
    columns: contestants.map(({ name }) => name),
    rows: SITUATIONS.map(([group, { name }]) => [group, name]),
    document: 'peers.md',
    update: 'UPDATE_PEERS',
  })

  const rows = SITUATIONS.map(([group, situation]) => [group, situation.name, situation] as const)
  it.each(rows)('%s: %s', async (_group, _name, situation) => {
    const outcomes = await Promise.all(
      contestants
        .filter(peer => takesPart(peer, situation))
        .map(async peer => {
          const outcome = await runContest(situation, peer)
          table.note(situation.name, peer.name, outcome.verdict)
          return { peer, ...outcome }
        }),
    )
    const [ours, ...theirs] = outcomes
    const copied = theirs.filter(({ verdict }) => verdict === 'copied').map(({ peer }) => peer.name)
    const isBehind = ours!.verdict !== 'copied' && copied.length > 0
    expect(isBehind, `${copied.join(', ')} copied, gpreg: ${ours!.verdict}\n${ours!.report}`).toBe(false)
  })

  afterAll(async () => {
    const left = missingPeers.length > 0 ? `\nnot installed: ${missingPeers.join(', ')}\n` : ''
    console.log(`\n${table}\n${left}`)
    await table.documented()
  })
})

const takesPart = (peer: Peer, { aboutReferrers }: Situation) => peer.copiesReferrers || !aboutReferrers

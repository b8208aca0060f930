import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { makeCertificates } from '@gpreg/oci/testing'
import { startRegistry } from '../../support/registry.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { findPeers, gpreg, ourContestants } from '../contestants.ts'
import type { Plan } from '../plan.ts'
import type { Measured } from '../results.ts'
import { stockRelease } from '../stock.ts'
import { takeTurns } from '../turns.ts'
import { copyCold, describeStock } from './copies.ts'

/** The fastest and the leanest peer. The others take up to twice the time. */
const RIVALS = ['skopeo', 'oras']

/** Rounds if all parts run in one go. */
const BRIEF = 3

/** Copies a release into an empty registry, where both registries speak TLS with a private CA. */
export async function measureTls({ rounds, scale, parent, before, peers, brief }: Plan): Promise<Measured> {
  await using directory = await temporaryDirectory()
  const certificates = await makeCertificates(directory.path)
  // The benchmark itself fills the source, too.
  setDefaultCACertificates([...getCACertificates(), certificates.ca])
  await using source = await startRegistry({ parent, certificates })
  const stock = await stockRelease(source, scale)
  const rivals = findPeers(peers).filter(({ name }) => peers !== undefined || RIVALS.includes(name))
  const series = await takeTurns(
    [...ourContestants(before), ...rivals].map(contestant => ({
      name: contestant.name,
      isPeer: contestant !== gpreg,
      run: async () => {
        await using home = await temporaryDirectory()
        await using target = await startRegistry({ parent, certificates })
        const { caFile } = certificates
        const site = { source: source.host, target: target.host, home: home.path, stock, caFile }
        return { cold: await copyCold(contestant, source, target, site) }
      },
    })),
    brief ? Math.min(rounds, BRIEF) : rounds,
  )
  return { name: 'tls', about: `over TLS: ${describeStock(stock)}`, series }
}

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { MemoryStore, type Digest, type Repository } from '@gpreg/oci'
import { pushSample, sampleImage } from '@gpreg/oci/testing'
import { fakeSigstore, ISSUER, keyIn, signByBundle, signByTag } from '../testing/fake-sigstore.ts'
import { readSignaturePolicy, type SignaturePolicyRequest } from './policy.ts'

const image = sampleImage(['signed'])
const { digest } = image.descriptor
const other: Digest = `sha256:${'0'.repeat(64)}`
const WHO = 'https://ci.example/release.yml'
const HOUR = 3_600_000

let directory: string
let ours: Awaited<ReturnType<typeof keyIn>>
let theirs: typeof ours
let sigstore: Awaited<ReturnType<typeof fakeSigstore>>
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpreg-policy-'))
  ours = await keyIn(directory, 'ours.pub')
  theirs = await keyIn(directory, 'theirs.pub')
  sigstore = await fakeSigstore(directory)
})
afterAll(() => rm(directory, { recursive: true }))

const PROVENANCE = 'https://slsa.dev/provenance/v1'
const later = (hours: number) => new Date(Date.now() + hours * HOUR)

/** How an image may be signed, in the words of the table in the documentation. */
const CASES: Readonly<Record<string, (to: Repository) => Promise<unknown>>> = {
  'signed by the key': to => signByTag(to, digest, ours.privateKey),
  'signed by the key, in a bundle': to => signByBundle(to, image.descriptor, ours.privateKey),
  'signed by another key': to => signByTag(to, digest, theirs.privateKey),
  'signed by both keys': async to => {
    await signByTag(to, digest, theirs.privateKey)
    await signByBundle(to, image.descriptor, ours.privateKey)
  },
  unsigned: async () => {},
  'signature for another digest': to => signByTag(to, digest, ours.privateKey, other),
  'keyless signature for another digest': to => sigstore.sign(to, digest, WHO, { about: other }),
  'an attestation, not a signature': to => signByBundle(to, image.descriptor, ours.privateKey, PROVENANCE),
  'tampered bundle': to => signByBundle(to, image.descriptor, ours.privateKey, undefined, PROVENANCE),
  'tampered log entry': to => sigstore.sign(to, digest, WHO, { claimed: later(1 / 60) }),
  'signed by the identity': to => sigstore.sign(to, digest, WHO),
  'signed by another identity': to => sigstore.sign(to, digest, 'https://fork.example/release.yml'),
  'identity of another issuer': to => sigstore.sign(to, digest, WHO, { issuer: 'https://evil.example' }),
  'certificate expired before the log entry': to => sigstore.sign(to, digest, WHO, { logged: later(1) }),
  'certificate valid at the time of the log entry, not now': to =>
    sigstore.sign(to, digest, WHO, { certified: later(10) }),
}

/** What refuses an image, in the words of the table. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/it has no signature/, 'no signature'],
  [/a signature is about/, 'another image'],
  [/a signature is not by/, 'not by the key'],
  [/names nobody/, 'names nobody'],
  [/for whom .* vouches/, 'somebody else'],
  [/certificate/, 'certificate'],
  [/inclusion|log|tlog/i, 'log'],
]

async function verdict(
  request: SignaturePolicyRequest,
  sign: (repository: Repository) => Promise<unknown>,
): Promise<string> {
  const repository = new MemoryStore().repository('app')
  await pushSample(repository, image, '1')
  await sign(repository)
  const policy = await readSignaturePolicy(request)
  try {
    await policy!.admit({ name: 'registry.example/app:1', repository, digest }, {})
    return 'enters'
  } catch (error) {
    const { message } = error as Error
    return `refused: ${REASONS.find(([pattern]) => pattern.test(message))?.[1] ?? message}`
  }
}

it('the table of the documentation is what the policy does', async () => {
  const keys = [ours.path]
  const byIdentity = { identities: [WHO], issuer: ISSUER, trustedRoot: sigstore.path }
  const rows: string[][] = []
  for (const [what, sign] of Object.entries(CASES))
    rows.push([what, await verdict({ keys }, sign), await verdict(byIdentity, sign)])
  const width = (column: number) => Math.max(...rows.map(row => row[column]!.length))
  process.stderr.write(
    `${rows.map(row => row.map((cell, column) => cell.padEnd(width(column))).join('  ')).join('\n')}\n`,
  )

  const documentation = await readFile(new URL('../../../../docs/signatures.md', import.meta.url), 'utf8')
  const told = documentation
    .split('\n')
    .filter(line => line.startsWith('|'))
    .map(line =>
      line
        .split('|')
        .slice(1, -1)
        .map(cell => cell.trim()),
    )
    .filter(([what = '']) => what in CASES)
  expect(rows).toEqual(told)
})

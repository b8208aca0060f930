import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MemoryStore, type Digest, type Repository } from '@gpreg/oci'
import { pushSample, sampleImage } from '@gpreg/oci/testing'
import { readSignaturePolicy, type SignaturePolicyRequest } from './policy.ts'
import { fakeSigstore, ISSUER, keyIn, signByBundle, signByTag } from '../testing/fake-sigstore.ts'

let directory: string
let ours: Awaited<ReturnType<typeof keyIn>>
let theirs: typeof ours
let sigstore: Awaited<ReturnType<typeof fakeSigstore>>
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpreg-signatures-'))
  ours = await keyIn(directory, 'ours.pub')
  theirs = await keyIn(directory, 'theirs.pub')
  sigstore = await fakeSigstore(directory)
})
afterAll(() => rm(directory, { recursive: true }))

const image = sampleImage(['signed'])
const { digest } = image.descriptor
const other: Digest = `sha256:${'0'.repeat(64)}`
const RELEASE = 'https://github.com/org/repo/.github/workflows/release.yml@refs/tags/v1'
const MINUTE = 60_000

/** The verdict on an image after it was signed. */
async function verdict(request: SignaturePolicyRequest, sign: (repository: Repository) => Promise<unknown>) {
  const repository = new MemoryStore().repository('app')
  await pushSample(repository, image, '1')
  await sign(repository)
  const policy = await readSignaturePolicy(request)
  return policy!
    .admit({ name: 'registry.example/app:1', repository, digest }, {})
    .catch((error: unknown) => (error as Error).message)
}

describe('a key', () => {
  const byKey = (sign: (repository: Repository) => Promise<unknown>) => verdict({ keys: [ours.path] }, sign)
  const fingerprint = { by: 'key', key: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) }

  it.each<[string, (repository: Repository) => Promise<unknown>, unknown]>([
    ['its signature under a tag', to => signByTag(to, digest, ours.privateKey), fingerprint],
    ['its signature in a bundle', to => signByBundle(to, image.descriptor, ours.privateKey), fingerprint],
    [
      'its signature beside one of another key',
      async to => {
        await signByTag(to, digest, theirs.privateKey)
        await signByBundle(to, image.descriptor, ours.privateKey)
      },
      fingerprint,
    ],
    ['no signature', async () => {}, /not signed by the key .*ours\.pub: it has no signature/],
    [
      'a signature by another key',
      to => signByTag(to, digest, theirs.privateKey),
      /a signature is not by .*ours\.pub/,
    ],
    [
      'a signature of another image under its tag',
      to => signByTag(to, digest, ours.privateKey, other),
      /about sha256:000/,
    ],
    [
      'an attestation in a bundle',
      to => signByBundle(to, image.descriptor, ours.privateKey, 'https://slsa.dev/provenance/v1'),
      /it has no signature/,
    ],
    [
      'an attestation in a bundle that was changed into a signature',
      to => signByBundle(to, image.descriptor, ours.privateKey, undefined, 'https://slsa.dev/provenance/v1'),
      /a signature is not by .*ours\.pub/,
    ],
    [
      'a signature without a key, by an identity',
      to => sigstore.sign(to, digest, RELEASE),
      /a signature is not by .*ours\.pub/,
    ],
  ])('and %s', async (_, sign, expected) =>
    expected instanceof RegExp
      ? expect(await byKey(sign)).toMatch(expected)
      : expect(await byKey(sign)).toEqual(expected),
  )
})

describe('an identity', () => {
  const identities = ['https://github.com/org/repo/.github/workflows/*']
  const byIdentity = (sign: (repository: Repository) => Promise<unknown>, issuer = ISSUER) =>
    verdict({ identities, issuer, trustedRoot: sigstore.path }, sign)

  it('is proven by a certificate and the log', async () =>
    expect(await byIdentity(to => sigstore.sign(to, digest, RELEASE))).toEqual({
      by: 'identity',
      identity: RELEASE,
      issuer: ISSUER,
    }))

  it('counts at the time that the log proves, not at that of the check', async () => {
    const certified = new Date(Date.now() + 600 * MINUTE)
    const logged = new Date(certified.getTime() + MINUTE)
    expect(await byIdentity(to => sigstore.sign(to, digest, RELEASE, { certified, logged }))).toMatchObject({
      by: 'identity',
    })
  })

  it('does not count after its certificate expired', async () => {
    const logged = new Date(Date.now() + 60 * MINUTE)
    expect(await byIdentity(to => sigstore.sign(to, digest, RELEASE, { logged }))).toMatch(
      /not signed by .*certificate/,
    )
  })

  it.each([
    ['another person', 'https://github.com/org/fork/.github/workflows/release.yml', ISSUER],
    ['a name that only begins like it', `https://evil.example/?${RELEASE}`, ISSUER],
    ['another issuer', RELEASE, 'https://evil.example'],
  ])('is not %s', async (_, who, issuer) =>
    expect(await byIdentity(to => sigstore.sign(to, digest, who, { issuer }))).toMatch(
      /a signature is by .*vouches/,
    ),
  )

  it('is not trusted by the public Sigstore if another one vouches', async () =>
    expect(await verdict({ identities, issuer: ISSUER }, to => sigstore.sign(to, digest, RELEASE))).toMatch(
      /is not signed by/,
    ))

  it('is not a key', async () =>
    expect(await byIdentity(to => signByTag(to, digest, ours.privateKey))).toMatch(/names nobody/))
})

describe('the rules of a policy', () => {
  it('name images by patterns, and refuse an image that none names', async () => {
    const keys = [`registry.example/*=${ours.path}`, `docker.io/*=${theirs.path}`]
    expect(await verdict({ keys }, to => signByTag(to, digest, ours.privateKey))).toMatchObject({ by: 'key' })
    expect(await verdict({ keys }, to => signByTag(to, digest, theirs.privateKey))).toMatch(/is not by/)
    expect(await verdict({ keys: keys.slice(1) }, async () => {})).toMatch(/no rule says who/)
  })

  it('are absent if nothing is asked for', async () => expect(await readSignaturePolicy({})).toBeUndefined())

  it.each([
    [{ identities: ['x'] }, 'usage'],
    [{ issuer: 'x' }, 'usage'],
    [{ keys: ['no-such-file'] }, 'input-unreadable'],
    [{ keys: ['empty'] }, 'input-invalid'],
    [{ identities: ['x'], issuer: 'x', trustedRoot: 'empty' }, 'input-invalid'],
  ])('%j is refused', async (request, code) => {
    await writeFile(join(directory, 'empty'), '{}')
    const at = (path: string) => (path === 'empty' ? join(directory, path) : path)
    const { keys = [], trustedRoot } = request as SignaturePolicyRequest
    const placed = {
      ...request,
      keys: keys.map(at),
      ...(trustedRoot ? { trustedRoot: at(trustedRoot) } : {}),
    }
    await expect(readSignaturePolicy(placed)).rejects.toMatchObject({ code })
  })
})

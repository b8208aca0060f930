import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gpreg } from '../support/gpreg.ts'
import { makeImage, makeLayer } from '../support/images.ts'
import { startInternalRegistry, writeAuthfile, type InternalRegistry } from '../support/internal-registry.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'

const TO = ['--to', 'registry.example.com/gitpod']

describe('input that cannot be used', () => {
  let directory: TemporaryDirectory
  beforeAll(async () => {
    directory = await temporaryDirectory()
    await writeFile(directory.join('empty.txt'), '# nothing here\n\n')
    await writeFile(directory.join('malformed.txt'), 'docker.io/library/redis:6.2\nUpper/Case::latest\n')
    await writeFile(directory.join('not-kubernetes.yaml'), '- just\n- a list\n')
    await writeFile(directory.join('broken.yaml'), 'a: [1\nb: }')
    await writeFile(directory.join('not-a-ca.pem'), 'hello')
    await writeFile(directory.join('collide.txt'), 'docker.io/library/redis:6.2\nquay.io/other/redis:6.2\n')
  })
  afterAll(() => directory?.[Symbol.asyncDispose]())

  it.concurrent.each([
    [
      'a malformed reference',
      ['images', '--image', 'docker.io/Library/redis:6.2', ...TO],
      /docker\.io\/Library\/redis:6\.2.*lower case/s,
    ],
    ['a reference with a scheme', ['images', '--image', 'https://docker.io/library/redis', ...TO], /scheme/],
    ['a malformed line in a list', ['images', '--images', 'malformed.txt', ...TO], /Upper\/Case::latest/],
    ['an empty list', ['images', '--images', 'empty.txt', ...TO], /no image|empty/i],
    ['no image set at all', ['images', ...TO], /--release|--images/],
    ['a list that is not there', ['images', '--images', 'absent.txt', ...TO], /absent\.txt/],
    [
      'an unknown release',
      ['images', '--versions', 'empty.txt', '--catalogue', '1999.1', ...TO],
      /1999\.1|empty\.txt/,
    ],
    [
      'YAML that is not Kubernetes',
      ['images', '--manifests', 'not-kubernetes.yaml', ...TO],
      /not-kubernetes\.yaml.*Kubernetes/s,
    ],
    ['broken YAML', ['images', '--manifests', 'broken.yaml', ...TO], /broken\.yaml/],
    [
      'a target with a scheme',
      ['images', '--image', 'redis', '--to', 'https://registry.example.com/gitpod'],
      /scheme/,
    ],
    [
      'a target in upper case',
      ['images', '--image', 'redis', '--to', 'registry.example.com/Gitpod'],
      /lower case/,
    ],
    [
      'a CA file that is not there',
      ['mirror', '--image', 'redis', ...TO, '--ca-file', 'absent.pem'],
      /absent\.pem/,
    ],
    [
      'a CA file without certificate',
      ['mirror', '--image', 'redis', ...TO, '--ca-file', 'not-a-ca.pem'],
      /not-a-ca\.pem/,
    ],
    [
      'two images that collide',
      ['images', '--images', 'collide.txt', ...TO, '--naming', 'flat'],
      /library\/redis:6\.2.*other\/redis:6\.2/s,
    ],
    ['an unknown flag', ['mirror', '--imagse', 'x'], /--imagse/],
  ])('%s: exit 2', async (_name, args, message) => {
    const run = await gpreg(args, { cwd: directory.path })
    expect(run.exitCode, run.stderr).toBe(2)
    expect(run.stderr).toMatch(message)
    expect(run.stderr).not.toMatch(/^\s+at .*\.js/m)
    expect(run.stdout).toBe('')
  })

  it('an unknown release: exit 2', async () => {
    const run = await gpreg(['images', '--release', 'no-such-release', ...TO])
    expect(run.exitCode, run.stderr).toBe(2)
    expect(run.stderr).toContain('no-such-release')
  })
})

describe.skipIf(needs('docker-registry', 'htpasswd', 'openssl'))('registries that cannot be used', () => {
  let upstream: Upstream
  let internal: InternalRegistry
  let directory: TemporaryDirectory
  let mirror: string[]

  beforeAll(async () => {
    directory = await temporaryDirectory()
    upstream = await startUpstream()
    internal = await startInternalRegistry()
    await upstream.add('docker.io/library/redis:6.2', makeImage([makeLayer('redis', 1000)]))
    mirror = [
      'mirror',
      '--image',
      'docker.io/library/redis:6.2',
      '--source-mirror',
      `docker.io=${upstream.host}/docker.io`,
    ]
  })
  afterAll(async () => {
    await internal?.[Symbol.asyncDispose]()
    await upstream?.stop()
    await directory?.[Symbol.asyncDispose]()
  })
  const trusted = () => ['--to', internal.to, '--ca-file', internal.certificates.caFile]

  it('a wrong password: exit 5, and the password is in no output', async () => {
    const password = 'wrong-and-secret'
    await writeAuthfile(directory.join('wrong.json'), internal.witness.host, { username: 'mirror', password })
    const run = await gpreg([...mirror, ...trusted(), '--authfile', directory.join('wrong.json')])
    expect(run.exitCode, run.stderr).toBe(5)
    expect(run.stderr).toContain(internal.witness.host)
    expect(run.stderr + run.stdout).not.toContain(password)
    expect(run.stderr + run.stdout).not.toContain(Buffer.from(`mirror:${password}`).toString('base64'))
  })

  it('no credentials: exit 5, with a hint how to provide them', async () => {
    const run = await gpreg([...mirror, ...trusted()])
    expect(run.exitCode, run.stderr).toBe(5)
    expect(run.stdout).toMatch(/gpreg login .*--authfile/)
  })

  it('no server on the port: exit 6', async () => {
    const host = `127.0.0.1:${await closedPort()}`
    const run = await gpreg([...mirror, '--to', `${host}/gitpod`])
    expect(run.exitCode, run.stderr).toBe(6)
    expect(run.stderr).toContain(host)
  })

  it('an untrusted CA: exit 6, and the hint names --ca-file', async () => {
    const run = await gpreg([...mirror, '--to', internal.to, ...internal.flags.slice(2)])
    expect(run.exitCode, run.stderr).toBe(6)
    expect(run.stdout).toContain('--ca-file')
  })
})

/** Returns a port that was free a moment ago. No other code here uses this number. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

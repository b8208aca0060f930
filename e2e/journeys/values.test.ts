import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gpreg } from '../support/gpreg.ts'
import { makeImage, makeLayer } from '../support/images.ts'
import { startInternalRegistry } from '../support/internal-registry.ts'
import { skopeoCopy } from '../support/skopeo.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'
import { sourceMirrors, startUpstream } from '../support/upstream.ts'

const CANARY = 'canary-5f2c'
const SECRET = `${CANARY}-secret`
const LOGIN = JSON.stringify({ username: 'ada', password: SECRET })
const ACCESS_KEY = JSON.stringify({ accessKeyId: 'AKIAEXAMPLE', secretAccessKey: SECRET })
const SERVICE_ACCOUNT = JSON.stringify({
  type: 'service_account',
  project_id: 'project',
  client_email: 'gitpod@project.iam.gserviceaccount.com',
  private_key: `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n`,
})
const STORAGE_KEY = Buffer.from(SECRET.repeat(2)).toString('base64')

/** The canary (a marked secret) as text, and its base64 for each of the three possible offsets. */
const TRACES = [
  CANARY,
  ...['', 'x', 'xx'].map(before =>
    Buffer.from(before + CANARY)
      .toString('base64')
      .slice(before === '' ? 0 : 4, -4),
  ),
]

const MIRROR = [
  '--mirror',
  'registry.internal/gitpod',
  '--mirror-credentials',
  'login.json',
  '--ca-file',
  'ca.pem',
]
const KINDS: Record<string, string[]> = {
  'in-cluster': [
    'in-cluster',
    '--s3-bucket',
    'b',
    '--s3-region',
    'eu-west-1',
    '--s3-credentials',
    'key.json',
  ],
  aws: ['aws', '--region', 'eu-west-1', '--bucket', 'b', '--registry-credentials', 'key.json'],
  gcp: ['gcp', '--project', 'p', '--region', 'europe-west1', '--service-account-key', 'account.json'],
  azure: [
    'azure',
    '--registry',
    'x.azurecr.io',
    '--region',
    'westeurope',
    '--registry-credentials',
    'login.json',
  ].concat(['--storage-account', 'x', '--storage-key-file', 'storage.key']),
  external: ['external', '--registry', 'push.internal', '--registry-credentials', 'login.json'],
}
const CASES = Object.keys(KINDS).flatMap(kind =>
  ['installer', 'kots', 'env'].map(format => [kind, format] as const),
)

describe('gpreg values', () => {
  let directory: TemporaryDirectory
  let inputs: Record<string, string>

  beforeAll(async () => {
    directory = await temporaryDirectory()
    inputs = {
      'login.json': LOGIN,
      'key.json': ACCESS_KEY,
      'account.json': SERVICE_ACCOUNT,
      'storage.key': STORAGE_KEY,
      'ca.pem': '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
      'terraform.json': JSON.stringify({
        registry: { value: { url: 'x.azurecr.io', server: 'x.azurecr.io', username: 'x', password: SECRET } },
        storage: { value: { storage_region: 'westeurope', account_name: 'x', account_key: STORAGE_KEY } },
      }),
      'broken.json': `{"username": "ada", "password": "${SECRET}"`,
      'other.json': JSON.stringify({
        auths: { 'other.internal': { auth: Buffer.from(`a:${SECRET}`).toString('base64') } },
      }),
    }
  })
  afterAll(() => directory?.[Symbol.asyncDispose]())

  /** Makes a directory with the input files, readable by their owner only. */
  const workplace = async (name: string): Promise<string> => {
    const path = directory.join(name.replaceAll(' ', '-'))
    await mkdir(path)
    for (const [file, text] of Object.entries(inputs))
      await writeFile(join(path, file), text, { mode: 0o600 })
    return path
  }
  const expectNoTrace = (text: string) => {
    for (const trace of TRACES) expect(text).not.toContain(trace)
  }
  /** Checks that only the owner can read a file with a secret. */
  const expectGuarded = async (path: string) => {
    for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const file = join(entry.parentPath, entry.name)
      const mode = (await stat(file)).mode & 0o777
      const text = await readFile(file, 'utf8')
      if (TRACES.some(trace => text.includes(trace))) expect(mode, file).toBe(0o600)
    }
  }

  it.concurrent.each(CASES)('%s as %s prints no secret and writes private files', async (kind, format) => {
    const cwd = await workplace(`${kind} ${format}`)
    const args = [
      'values',
      ...KINDS[kind]!,
      ...MIRROR,
      '--format',
      format,
      '--secrets',
      'secrets',
      '-o',
      'out',
      '--verbose',
    ]
    const run = await gpreg(args, { cwd })
    expect(run.exitCode, run.stderr).toBe(0)
    expect(run.stderr).not.toContain('missing:')
    expectNoTrace(run.stdout + run.stderr)
    await expectGuarded(cwd)
    expect(await readdir(join(cwd, 'secrets'))).not.toEqual([])
    if (format === 'kots') expect((await stat(join(cwd, 'out'))).mode & 0o777).toBe(0o600)
    const json = await gpreg([...args, '--json'], { cwd })
    expectNoTrace(json.stdout + json.stderr)
    if (format !== 'installer') return
    if (kind === 'azure') {
      const account = await readFile(join(cwd, 'secrets', 'storage-azure.yaml'), 'utf8')
      expect(account).toContain(`accountName: ${Buffer.from('x').toString('base64')}`)
      expect(account).toContain(`accountKey: ${Buffer.from(STORAGE_KEY).toString('base64')}`)
    }
    const check = await gpreg(['values', 'check', 'out', '--strict'], { cwd })
    // The domain is the only required field that these configurations lack.
    expect(check.stdout.match(/\[[a-z-]+\]/g)).toEqual(['[required]'])
  })

  it.concurrent('prints secrets to stdout only if stdout is named', async () => {
    const cwd = await workplace('stdout')
    const args = ['values', ...KINDS['azure']!, '--format', 'kots']
    const refused = await gpreg(args, { cwd })
    expect(refused.exitCode).toBe(2)
    expectNoTrace(refused.stdout + refused.stderr)
    expect((await gpreg([...args, '-o', '-'], { cwd })).stdout).toContain(SECRET)
  })

  it.concurrent.each([
    ['a broken file', ['external', '--registry', 'r.internal', '--registry-credentials', 'broken.json']],
    [
      'a file for another host',
      ['external', '--registry', 'r.internal', '--registry-credentials', 'other.json'],
    ],
    [
      'a login where a key belongs',
      ['aws', '--region', 'r', '--bucket', 'b', '--registry-credentials', 'login.json'],
    ],
    ['outputs of another cloud', ['gcp', '--from-terraform', 'terraform.json']],
    [
      'a key of another form',
      [
        'azure',
        '--registry',
        'x.azurecr.io',
        '--region',
        'r',
        '--storage-account',
        'x',
        '--storage-key-file',
        'login.json',
      ],
    ],
    [
      'nowhere to write',
      [
        'external',
        '--registry',
        'r.internal',
        '--registry-credentials',
        'login.json',
        '-o',
        'no/such/directory',
      ],
    ],
  ])('says what is wrong with %s, without what is in it', async (name, args) => {
    const cwd = await workplace(name)
    for (const more of [['--verbose'], ['--json']]) {
      const run = await gpreg(['values', ...args, ...more], { cwd })
      expect(run.exitCode).toBe(2)
      expect(run.stdout + run.stderr).toMatch(/hint/)
      expectNoTrace(run.stdout + run.stderr)
    }
  })

  it.concurrent('reads outputs of Terraform from a pipe', async () => {
    const cwd = await workplace('terraform')
    const args = [
      'values',
      'azure',
      '--from-terraform',
      '-',
      '--domain',
      'gitpod.example.com',
      '--secrets',
      'secrets',
      '-o',
      'out',
    ]
    const run = await gpreg(args, { cwd, stdin: inputs['terraform.json']! })
    expect(run.exitCode, run.stderr).toBe(0)
    expectNoTrace(run.stdout + run.stderr)
    await expectGuarded(cwd)
    expect(await readFile(join(cwd, 'out'), 'utf8')).toMatch(/url: x\.azurecr\.io/)
    expect((await gpreg(['values', 'check', 'out', '--strict'], { cwd })).exitCode).toBe(0)
  })

  it.skipIf(needs('patch')).concurrent(
    'changes only the necessary lines of an existing file, and none the second time; patch accepts its diff',
    async () => {
      const cwd = await workplace('base')
      const before = `# CHG-1: first installation\napiVersion: v1\ndomain:   gitpod.example.com   # asked for\ncontainerRegistry:\n    inCluster: true     # for now\nworkspace:\n    # no fuse here\n    runtime: { fsShiftMethod: shiftfs }\n`
      await writeFile(join(cwd, 'gitpod.config.yaml'), before)
      const args = ['values', ...KINDS['external']!, ...MIRROR, '--base', 'gitpod.config.yaml']
      const diff = await gpreg([...args, '--diff', '--quiet'], { cwd })
      const first = await gpreg([...args, '-o', 'changed.yaml'], { cwd })
      expect(first.exitCode, first.stderr).toBe(0)
      const changed = await readFile(join(cwd, 'changed.yaml'), 'utf8')
      for (const line of before.split('\n').filter(line => !line.includes('inCluster')))
        expect(changed).toContain(line)
      expect(changed).toContain('inCluster: false # for now')
      expect(spawnSync('patch', ['-s'], { cwd, input: diff.stdout }).status).toBe(0)
      expect(await readFile(join(cwd, 'gitpod.config.yaml'), 'utf8')).toBe(changed)
      const again = await gpreg([...args, '--diff', '--quiet'], { cwd })
      expect(again.stdout).toBe('')
    },
  )

  it.concurrent('adds the mirror to the output of the installer', async () => {
    const cwd = await workplace('patch')
    const own = Buffer.from(
      JSON.stringify({ auths: { 'registry.gitpod.example.com': { auth: 'eDp5' } } }),
    ).toString('base64')
    const rendered = `apiVersion: v1\nkind:   Namespace\nmetadata: {name: gitpod}\n---\napiVersion: v1\ndata:\n  .dockerconfigjson: ${own}\nkind: Secret\nmetadata:\n  name: builtin-registry-auth\ntype: kubernetes.io/dockerconfigjson\n`
    const args = [
      'values',
      'patch',
      '-',
      '--mirror',
      'registry.internal/gitpod',
      '--mirror-credentials',
      'login.json',
    ]
    const run = await gpreg([...args, '-o', 'rendered.yaml'], { cwd, stdin: rendered })
    expect(run.exitCode, run.stderr).toBe(0)
    expectNoTrace(run.stdout + run.stderr)
    await expectGuarded(cwd)
    const patched = await readFile(join(cwd, 'rendered.yaml'), 'utf8')
    expect(patched.split('\n').filter((line, at) => line !== rendered.split('\n')[at])).toHaveLength(1)
    // The same login once more changes nothing, be it a byte order mark or a missing end of the last line.
    const odd = `\uFEFF${patched.trimEnd()}`
    expect((await gpreg([...args, '-o', '-'], { cwd, stdin: odd })).stdout).toBe(odd)
  })
})

describe.skipIf(needs('docker-registry', 'skopeo', 'htpasswd', 'openssl'))(
  'the Secrets that gpreg values writes',
  () => {
    it('contain logins that the registry accepts', async () => {
      await using directory = await temporaryDirectory()
      await using upstream = await startUpstream()
      await using registry = await startInternalRegistry()
      const name = 'docker.io/library/redis:6.2'
      await upstream.add(name, makeImage([makeLayer('one', 1000)]))
      const args = ['mirror', '--image', name, ...sourceMirrors(upstream.host, [name]), '--to', registry.to]
      expect((await gpreg([...args, ...registry.flags])).exitCode).toBe(0)

      await writeFile(directory.join('login.json'), JSON.stringify(registry.credentials))
      const run = await gpreg(
        [
          'values',
          'external',
          '--single-registry',
          '--registry',
          registry.to,
          '--registry-credentials',
          'login.json',
        ].concat(
          ['--mirror-credentials', directory.join('login.json'), '--ca-file', registry.certificates.caFile],
          ['--secrets', 'secrets', '-o', 'gitpod.config.yaml'],
        ),
        { cwd: directory.path },
      )
      expect(run.exitCode, run.stderr).toBe(0)
      for (const secret of ['container-registry', 'mirror-registry']) {
        const manifest = await readFile(directory.join('secrets', `${secret}.yaml`), 'utf8')
        const config = Buffer.from(/\.dockerconfigjson: (\S+)/.exec(manifest)![1]!, 'base64').toString()
        const { auths } = JSON.parse(config) as {
          auths: Record<string, { username: string; password: string }>
        }
        const credentials = auths[registry.to.split('/')[0]!]!
        await skopeoCopy(`docker://${registry.to}/library/redis:6.2`, `dir:${directory.join(secret)}`, {
          from: { certDir: registry.skopeo.certDir!, credentials },
        })
      }
    })
  },
)

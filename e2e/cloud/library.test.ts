import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { azureCertificates, startAzureCloud, type AzureCloud } from '../support/cloud/azure/azure-cloud.ts'
import { GROUP, SUBSCRIPTION } from '../support/cloud/azure/subscription.ts'
import { isolatedEnvironment } from '../support/gpreg.ts'
import { mustRun, runProcess } from '../support/process.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A program as a user of the libraries would write it. */
const PROGRAM = `
import { type Change, type Check, type Provider, createContext } from '@gpreg/core'
import { fileVault } from '@gpreg/core/provider'
import { createAzureClients, createAzureProvider } from '@gpreg/provider-azure'

const [subscriptionId = '', resourceManager = ''] = process.argv.slice(2)
const provider: Provider = createAzureProvider({
  subscriptionId,
  resourceGroup: '${GROUP}',
  installation: 'prod',
  location: 'westeurope',
  vault: fileVault('acr.json'),
  clients: await createAzureClients({ subscriptionId, resourceManager }),
  probe: async ({ username }, address) => [{ name: username, status: 'ok', detail: address }],
})
const context = createContext()
const planned: readonly Change[] = await provider.changes(context)
const made: readonly Change[] = await provider.apply(context)
const left: readonly Change[] = await provider.changes(context)
const checks: readonly Check[] = await provider.check(context)
const choice = await provider.describe(context)
console.log(JSON.stringify({ planned, made, left, checks, choice }))
`

/** Mistakes that a compiler refuses if it finds our types, and accepts if they are `any`. */
const WRONG = [
  { what: 'an option that is missing', from: "location: 'westeurope',", to: '', says: "'location'" },
  { what: 'an option that there is not', from: 'installation:', to: 'instalation:', says: 'instalation' },
  { what: 'an option of another type', from: "fileVault('acr.json')", to: "'acr.json'", says: 'SecretVault' },
  {
    what: 'undefined for an option',
    from: 'probe: async',
    to: 'name: undefined, probe: async',
    says: 'exact',
  },
  { what: 'an answer of another type', from: 'const choice', to: 'const choice: string', says: "'string'" },
]

/** Tests the packages as they would be published, in a project with nothing else of this repository. */
describe.skipIf(needs('openssl'))('a project that uses the packed libraries', () => {
  let certificates: Awaited<ReturnType<typeof azureCertificates>>
  let azure: AzureCloud
  let project: TemporaryDirectory
  let packed: readonly { readonly filename: string; readonly files: readonly { readonly path: string }[] }[]

  const npm = (...args: string[]) => {
    const env = { ...process.env, npm_config_loglevel: 'error' }
    return mustRun('npm', args, { cwd: project.path, env })
  }

  beforeAll(async () => {
    certificates = await azureCertificates()
    azure = await startAzureCloud(certificates)
    project = await temporaryDirectory()
    const folders = ['oci', 'core', 'providers-azure'].map(folder => `${ROOT}packages/${folder}`)
    packed = JSON.parse(await npm('pack', '--json', '--ignore-scripts', ...folders))
    const tarballs = packed.map(({ filename }) => `./${filename}`)
    const { devDependencies } = JSON.parse(await readFile(`${ROOT}package.json`, 'utf8'))
    const node = `@types/node@${devDependencies['@types/node']}`
    await writeFile(project.join('package.json'), JSON.stringify({ private: true, type: 'module' }))
    const quick = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
    await npm('install', ...quick, ...tarballs, node)
    await writeFile(project.join('main.ts'), PROGRAM)
  })
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]()
    await azure?.[Symbol.asyncDispose]()
    await certificates?.[Symbol.asyncDispose]()
  })

  /**
   * Compiles files and checks our declarations, too. skipLibCheck would hide imports of packages that are not installed.
   */
  const compile = async (...files: string[]) => {
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      types: ['node'],
      module: 'nodenext',
      target: 'es2024',
      noEmit: true,
    }
    await writeFile(project.join('tsconfig.json'), JSON.stringify({ compilerOptions, files }))
    const tsc = `${ROOT}node_modules/typescript/bin/tsc`
    return runProcess(process.execPath, [tsc, '--project', '.', '--pretty', 'false'], { cwd: project.path })
  }

  it('contains the build output with types, without sources and tests', async () => {
    expect(packed).toHaveLength(3)
    for (const { files } of packed) {
      const paths = files.map(({ path }) => path)
      expect(paths).toEqual(expect.arrayContaining(['package.json', 'dist/index.js', 'dist/index.d.ts']))
      const inside = (path: string) => path.split('/').some(part => /^(src|tests?|testing)$/.test(part))
      const surplus = (path: string) => inside(path) || /\.test\.|tsbuildinfo|(?<!\.d)\.ts$/.test(path)
      expect(paths.filter(surplus)).toEqual([])
    }
    expect(await readdir(project.join('node_modules/@gpreg'))).toEqual(['core', 'oci', 'provider-azure'])
    expect(await readdir(project.join('node_modules/@types'))).toEqual(['node'])
  })

  it('compiles in strict mode with the installed types only', async () => {
    expect(await compile('main.ts')).toMatchObject({ exitCode: 0, stdout: '', stderr: '' })
  })

  it('does not compile if it uses the types wrongly', async () => {
    const files = WRONG.map((_, at) => `wrong-${at}.ts`)
    for (const [at, { from, to }] of WRONG.entries()) {
      expect(PROGRAM).toContain(from)
      await writeFile(project.join(files[at]!), PROGRAM.replace(from, to))
    }
    const { exitCode, stdout } = await compile(...files)
    expect(exitCode).not.toBe(0)
    for (const [at, { what, says }] of WRONG.entries()) {
      const [, message] = stdout.split(new RegExp(`^wrong-${at}\\.ts\\(\\d+,\\d+\\): error `, 'm'))
      expect(message?.split(/^wrong-/m)[0], what).toContain(says)
    }
  })

  it('provisions', async () => {
    const run = await runProcess(process.execPath, ['main.ts', SUBSCRIPTION, azure.resourceManager], {
      cwd: project.path,
      env: isolatedEnvironment(project.path, { ...azure.env, NODE_EXTRA_CA_CERTS: certificates.caFile }),
    })
    expect(run, run.stderr).toMatchObject({ exitCode: 0, stderr: '' })
    const { planned, made, left, checks, choice } = JSON.parse(run.stdout)

    const [registry, ...others] = azure.subscription.registries.values()
    expect(others).toEqual([])
    expect(registry).toMatchObject({ group: GROUP, adminUserEnabled: true, state: 'Succeeded' })
    expect(registry!.name).toMatch(/^gitpod[0-9a-f]{8}$/)
    const address = `${registry!.name}.azurecr.io`
    expect(choice).toEqual({ kind: 'azure', registry: address, region: 'westeurope' })

    const actions = (changes: readonly { readonly action: string }[]) => changes.map(({ action }) => action)
    expect(made).toEqual(planned)
    expect(actions(made)).toContain('create')
    expect(new Set(actions(left))).toEqual(new Set(['keep']))

    expect((await stat(project.join('acr.json'))).mode & 0o777).toBe(0o600)
    const { registry: login } = JSON.parse(await readFile(project.join('acr.json'), 'utf8'))
    expect([...registry!.passwords.values()]).toContain(login.password)
    expect(run.stdout).not.toContain(login.password)
    expect(checks).toEqual([{ name: login.username, status: 'ok', detail: address }])
  })
})

import { readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { azureCertificates, startAzureCloud, type AzureCloud } from '../support/cloud/azure/azure-cloud.ts'
import { GROUP, SUBSCRIPTION } from '../support/cloud/azure/subscription.ts'
import { isolatedEnvironment } from '../support/gpreg.ts'
import { mustRun, runProcess } from '../support/process.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** As a user of the libraries would write it. */
const PROGRAM = `
import { createContext, fileVault, type Change } from '@gpreg/core'
import { createAzureClients, createAzureProvider } from '@gpreg/provider-azure'

const [subscriptionId = '', resourceManager = ''] = process.argv.slice(2)
const provider = createAzureProvider({
  subscriptionId,
  resourceGroup: '${GROUP}',
  installation: 'prod',
  location: 'westeurope',
  vault: fileVault('acr.json'),
  clients: createAzureClients({ subscriptionId, resourceManager }),
})
const context = createContext()
const planned: readonly Change[] = await provider.changes(context)
const changes = await provider.apply(context)
console.log(JSON.stringify({ planned, changes, choice: await provider.describe(context) }))
`

/** The packages as they would be published, in a project that has nothing else of ours. */
describe.skipIf(needs('openssl'))('a project of somebody else', () => {
  let certificates: Awaited<ReturnType<typeof azureCertificates>>
  let azure: AzureCloud
  let project: TemporaryDirectory
  let packed: readonly { readonly filename: string; readonly files: readonly { readonly path: string }[] }[]

  const npm = async (...args: string[]) => {
    const env = { ...process.env, npm_config_loglevel: 'error' }
    return mustRun('npm', args, { cwd: project.path, env })
  }

  beforeAll(async () => {
    certificates = await azureCertificates()
    azure = await startAzureCloud(certificates)
    project = await temporaryDirectory()
    const folders = ['core', 'providers-azure'].map(folder => `${ROOT}packages/${folder}`)
    packed = JSON.parse(await npm('pack', '--json', '--ignore-scripts', ...folders))
    const files = packed.map(({ filename }) => `./${filename}`)
    await writeFile(project.join('package.json'), JSON.stringify({ private: true, type: 'module' }))
    await npm('install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', ...files)
    // The compiler's own knowledge of Node, which every project has.
    await symlink(`${ROOT}node_modules/@types`, project.join('node_modules/@types')).catch(() => {})
    await writeFile(project.join('main.ts'), PROGRAM)
  }, 180_000)
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]()
    await azure?.[Symbol.asyncDispose]()
    await certificates?.[Symbol.asyncDispose]()
  })

  const compile = (file: string) => {
    const strict = [
      '--strict',
      '--exactOptionalPropertyTypes',
      '--noEmit',
      '--skipLibCheck',
      '--types',
      'node',
    ]
    const modern = ['--module', 'nodenext', '--target', 'es2024', '--lib', 'es2024,esnext.disposable']
    const tsc = `${ROOT}node_modules/typescript/bin/tsc`
    return runProcess(process.execPath, [tsc, ...strict, ...modern, file], { cwd: project.path })
  }

  it('gets no tests and no sources', () => {
    const paths = packed.flatMap(({ files }) => files.map(({ path }) => path))
    expect(paths).toContain('dist/index.js')
    expect(paths.filter(path => /^src|\.test\.|^dist\/testing|tsbuildinfo/.test(path))).toEqual([])
  })

  it('compiles in strict mode against the types that came along, and what is wrong does not', async () => {
    expect(await compile('main.ts')).toMatchObject({ exitCode: 0, stdout: '' })
    await writeFile(project.join('wrong.ts'), PROGRAM.replace("location: 'westeurope',", ''))
    const wrong = await compile('wrong.ts')
    expect(wrong.exitCode).not.toBe(0)
    expect(wrong.stdout).toContain("'location'")
  })

  it('provisions', async () => {
    const run = await runProcess(process.execPath, ['main.ts', SUBSCRIPTION, azure.resourceManager], {
      cwd: project.path,
      env: isolatedEnvironment(project.path, { ...azure.env, NODE_EXTRA_CA_CERTS: certificates.caFile }),
    })
    expect(run.exitCode, run.stderr).toBe(0)
    const { planned, changes, choice } = JSON.parse(run.stdout)
    expect(changes).toEqual(planned)
    expect(azure.log.writes.length).toBeGreaterThan(0)
    expect((await stat(project.join('acr.json'))).mode & 0o777).toBe(0o600)
    const { registry } = JSON.parse(await readFile(project.join('acr.json'), 'utf8'))
    expect(choice).toMatchObject({
      kind: 'azure',
      registry: expect.stringMatching(/^gitpod[0-9a-f]{8}\.azurecr\.io$/),
    })
    expect(choice.registry).toContain(registry.username.toLowerCase())
    expect(await readdir(project.join('node_modules/@gpreg'))).toEqual(['core', 'provider-azure'])
  })
})

import { readFile, symlink, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, inject, it } from 'vitest'
import { CALLER_ENV } from '../support/cloud/aws/aws-cloud.ts'
import { startMoto } from '../support/cloud/aws/moto.ts'
import { azureCertificates, startAzureCloud } from '../support/cloud/azure/azure-cloud.ts'
import { GROUP, SUBSCRIPTION } from '../support/cloud/azure/subscription.ts'
import { Cloud } from '../support/cloud/gcp/cloud.ts'
import { startRestServer } from '../support/cloud/gcp/rest-server.ts'
import { serviceAccountKey } from '../support/cloud/gcp/service-account.ts'
import { isolatedEnvironment } from '../support/gpreg.ts'
import { mustRun } from '../support/process.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { needs } from '../support/tools.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A folder with the program of a README, changed only in the names of what it is run against. */
async function projectWith(readme: string, names: Readonly<Record<string, string>> = {}) {
  const directory = await temporaryDirectory()
  await symlink(`${ROOT}node_modules`, directory.join('node_modules'))
  const text = await readFile(`${ROOT}packages/${readme}/README.md`, 'utf8')
  let program = /^```js\n(.*?)^```$/ms.exec(text)?.[1] ?? ''
  for (const [from, to] of Object.entries(names)) {
    expect(program).toContain(from)
    program = program.replaceAll(from, to)
  }
  await writeFile(directory.join('program.mjs'), program)
  const run = (env: Readonly<Record<string, string>>) =>
    mustRun(process.execPath, ['--conditions=gpreg-source', 'program.mjs'], {
      cwd: directory.path,
      env: isolatedEnvironment(directory.path, env),
    })
  return { ...directory, run }
}

describe('the program of the README', () => {
  it.skipIf(needs('python3') || inject('moto') === undefined)('of @gpreg/provider-aws runs', async () => {
    await using moto = await startMoto(inject('moto')!)
    await using project = await projectWith('providers-aws')
    const printed = await project.run({ ...CALLER_ENV, AWS_ENDPOINT_URL: moto.endpoint })
    expect(printed).toContain('create s3:bucket/reg-bucket-prod')
    expect(printed).toContain('encrypted write ok')
    const { registryStorage: key } = JSON.parse(await readFile(project.join('s3.json'), 'utf8'))
    expect(printed).not.toContain(key.secretAccessKey)
  })

  it.skipIf(needs('openssl'))('of @gpreg/provider-azure runs', async () => {
    await using certificates = await azureCertificates()
    await using azure = await startAzureCloud(certificates)
    await using project = await projectWith('providers-azure', {
      '00000000-0000-0000-0000-000000000000': SUBSCRIPTION,
      "'gitpod'": `'${GROUP}'`,
      'https://management.azure.com': azure.resourceManager,
    })
    const printed = await project.run({ ...azure.env, NODE_EXTRA_CA_CERTS: certificates.caFile })
    const [registry] = azure.subscription.registries.values()
    expect(printed).toContain(`registry: '${registry!.name}.azurecr.io'`)
    for (const password of registry!.passwords.values()) expect(printed).not.toContain(password)
  })

  it('of @gpreg/provider-gcp runs', async () => {
    const cloud = new Cloud()
    cloud.polls = 0
    await using server = await startRestServer(cloud)
    await using project = await projectWith('providers-gcp')
    const key = serviceAccountKey('gitpod@my-project.iam.gserviceaccount.com')
    await writeFile(project.join('key.json'), key.json.reveal())
    const printed = await project.run({
      GOOGLE_APPLICATION_CREDENTIALS: project.join('key.json'),
      CLOUDSDK_API_ENDPOINT_OVERRIDES_SERVICEUSAGE: server.url,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_ARTIFACTREGISTRY: server.url,
    })
    expect([...cloud.repositories.keys()]).toHaveLength(1)
    expect(printed).toContain("registryHost: 'europe-west1-docker.pkg.dev/my-project/prod'")
    expect(printed).not.toContain('PRIVATE KEY')
  })
})

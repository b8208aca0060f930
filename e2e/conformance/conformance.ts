/**
 * Runs the conformance suite of the OCI distribution specification against `gpreg serve`. All tests are on except those
 * for sparse indexes, because gpreg accepts no manifest before the content that it names. Needs Go. `npm run conformance
 * [-- RESULTS-DIRECTORY]`
 */
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { startServe } from '../support/serve.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const SUITE = 'github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111'

/** Tests that are off by default, because the specification leaves these features to the registry. */
const OPTIONAL = {
  OCI_API_BLOBS_DIGEST_HEADER: 'true',
  OCI_API_BLOBS_UPLOAD_CANCEL: 'true',
  OCI_API_MANIFESTS_DIGEST_HEADER: 'true',
  OCI_API_MANIFESTS_TAG_PARAM: 'true',
}

function run(command: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
  if (error !== undefined) throw error
  return { status, stdout, stderr }
}

await using directory = await temporaryDirectory()
const built = run('go', ['install', SUITE], { GOBIN: directory.join('bin') })
if (built.status !== 0) throw new Error(`the suite could not be built:\n${built.stderr}`)

await using registry = await startServe(directory.join('layout'))
const results = resolve(process.argv[2] ?? directory.join('results'))
const { status, stdout } = run(directory.join('bin/conformance'), [], {
  OCI_VERSION: '1.1',
  OCI_REGISTRY: registry.host,
  OCI_TLS: 'disabled',
  OCI_RESULTS_DIR: results,
  ...OPTIONAL,
})
console.log(stdout.slice(stdout.indexOf('OCI Conformance Result')).trim())
process.exitCode = status ?? 1

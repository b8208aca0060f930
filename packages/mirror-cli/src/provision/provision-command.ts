import { dirname, relative } from 'node:path'
import {
  formatProvisioned,
  type Change,
  type Goal,
  type Provider,
  type ProvisionedChoice,
  type ProvisionedSecrets,
  type SecretVault,
} from '@gpreg/core'
import { fileVault, memoryVault } from '@gpreg/core/provider'
import { GpregError } from '@gpreg/oci'
import { removeDrafts, writeOutputFile } from '@gpreg/oci/engine'
import { BaseCommand } from '../base-command.ts'
import { exitCodeOfChecks } from '../exit-codes.ts'
import type { ProvisionFlags } from '../flags/provision.ts'
import { assertWritable } from '../output-file.ts'
import { ask } from '../prompt.ts'
import { paintFor } from '../render/text/paint.ts'
import { renderChanges, renderProvision, valuesStep, type ProvisionDocument } from '../render/provision.ts'
import { gitWorkTree } from './git.ts'

/** The parts that the command of a cloud adds: its provider, and credentials that were made by other means. */
export interface CloudPart {
  open(vault: SecretVault): Promise<Provider>
  readonly given?: ProvisionedSecrets
  /** True if the cloud shows credentials only once, so that there must be a file for them. */
  readonly needsSecretsFile: boolean
}

type WrittenFiles = NonNullable<ProvisionDocument['files']>
type Flags = ProvisionFlags & { readonly json: boolean; readonly quiet: boolean; readonly verbose: boolean }

/** The steps of `gpreg provision` for every cloud: shows the changes, asks, applies them, checks the result, writes the files. */
export abstract class ProvisionCommand extends BaseCommand {
  protected async provision(flags: Flags, part: CloudPart): Promise<ProvisionDocument> {
    const context = await this.openContext(flags)
    const goal = flags.destroy ? 'absent' : 'present'
    const isReal = !flags['dry-run']
    if (isReal && goal === 'present' && part.needsSecretsFile && flags['secrets-file'] === undefined)
      throw noSecretsFile()
    if (isReal && goal === 'present') await assertOutputs(flags)
    const provider = await part.open(await openVault(flags['secrets-file'], part.given, isReal))
    const planned = await provider.changes(context, goal)
    const common = { kind: 'ProvisionResult', version: 1, cloud: provider.cloud, goal } as const
    const onlyChanges = (changes: readonly Change[]) =>
      this.answer({ ...common, dryRun: !isReal, changes, checks: [], notes: [], next: [] }, renderProvision)
    if (!isReal) return onlyChanges(planned)
    await this.#confirm(planned, flags, goal)
    if (goal === 'absent') return onlyChanges(await provider.destroy(context))
    const changes = await provider.apply(context)
    const choice = await provider.describe(context)
    const files = await this.#write(flags, choice)
    const checks = await provider.check(context)
    const document: ProvisionDocument = {
      ...common,
      dryRun: false,
      changes,
      checks,
      files,
      notes: [...(await provider.notes(context)), ...(await notesOfFile(flags['secrets-file']))],
      next: [valuesStep(choice, flags.output)],
    }
    return this.answer(document, renderProvision, exitCodeOfChecks(checks))
  }

  async #confirm(planned: readonly Change[], flags: Flags, goal: Goal): Promise<void> {
    if (flags.yes || planned.every(({ action }) => action === 'keep')) return
    if (!process.stdin.isTTY || flags.json) {
      throw new GpregError('usage', 'there are changes to make, and nobody to ask', {
        hint: 'look at them with --dry-run, then give --yes',
      })
    }
    this.say(renderChanges(planned, paintFor(process.stderr)))
    const question = goal === 'present' ? 'Make these changes?' : 'Remove these?'
    const answer = await ask(`${question} [y/N] `, this.signal)
    if (/^y(es)?$/i.test(answer)) return
    throw new GpregError('aborted', 'nothing was changed')
  }

  async #write(flags: Flags, choice: ProvisionedChoice): Promise<WrittenFiles> {
    const secrets = flags['secrets-file']
    const place = secrets === undefined ? {} : { secretsFile: relative(dirname(flags.output), secrets) }
    await writeOutputFile(flags.output, formatProvisioned({ choice, ...place }))
    return { provision: flags.output, ...(secrets === undefined ? {} : { secrets }) }
  }
}

/** Opens the store of credentials. A dry run writes nothing, so it holds the given credentials only in memory. */
async function openVault(
  path: string | undefined,
  given: ProvisionedSecrets | undefined,
  isReal: boolean,
): Promise<SecretVault> {
  if (path === undefined) return memoryVault(given)
  const vault = fileVault(path)
  if (!isReal) return memoryVault({ ...(await vault.read()), ...given })
  await removeDrafts(path)
  if (given !== undefined) await vault.update(given)
  return vault
}

/** Both files are checked before a resource is made that only they describe. */
async function assertOutputs({ output, 'secrets-file': secrets }: Flags): Promise<void> {
  await assertWritable(output, '-o')
  if (secrets !== undefined) await assertWritable(secrets, '--secrets-file')
}

function noSecretsFile(): GpregError {
  return new GpregError('usage', 'the secret of a new key is told only once: where is it to go?', {
    hint: 'name a file with --secrets-file FILE; it is written with mode 0600, and before the key is made',
  })
}

async function notesOfFile(path: string | undefined): Promise<string[]> {
  const tree = path === undefined ? undefined : await gitWorkTree(path)
  return tree === undefined
    ? []
    : [`${path} is inside the git work tree ${tree}: keep it out of the repository`]
}

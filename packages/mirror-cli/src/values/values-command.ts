import { GpregError, type Sensitive } from '@gpreg/oci'
import { decodeText, encodeLike, SECRET_MODE, writeOutputFile } from '@gpreg/oci/engine'
import type { GeneratedValues } from '@gpreg/values-gen'
import { BaseCommand } from '../base-command.ts'
import { assertNamespace, commonChoice, type ValuesFlags } from '../flags/values.ts'
import { renderValuesNotes, valuesDocument, type ValuesDocument } from '../render/values.ts'
import { standardInputBytes } from '../standard-input.ts'
import type { Given, ValuesInputs } from './inputs.ts'
import { writeSecrets } from './secret-files.ts'

const STDOUT = '-'

/** The steps of `gpreg values` for every kind. The generators are imported here, so that other commands start sooner. */
export abstract class ValuesCommand extends BaseCommand {
  protected async generate(
    flags: ValuesFlags & { readonly json: boolean; readonly quiet: boolean },
    own: (inputs: ValuesInputs) => Promise<Given>,
  ): Promise<ValuesDocument> {
    assertNamespace(flags.namespace)
    const { completeChoice, diffConfig, generateValues } = await import('@gpreg/values-gen')
    const { ValuesInputs } = await import('./inputs.ts')
    const inputs = new ValuesInputs(standardInputBytes(this.signal))
    const {
      choice,
      values,
      notes = [],
    } = await inputs.complete(flags, commonChoice(flags), await own(inputs))
    const base = flags.base === undefined ? undefined : await readBase(flags.base, inputs)
    const made = generateValues({
      choice: completeChoice(choice),
      values,
      format: flags.format,
      ...(base === undefined ? {} : { base }),
      ...(flags.release === undefined ? {} : { release: flags.release }),
      ...(flags.namespace === undefined ? {} : { namespace: flags.namespace }),
    })
    const generated = { ...made, warnings: [...notes, ...made.warnings] }
    const text =
      flags.diff && base !== undefined
        ? diffConfig(base.text, plain(generated.text), base.path)
        : this.#shown(generated, flags)
    if (flags.output !== undefined && flags.output !== STDOUT)
      await writeOutputFile(
        flags.output,
        encodeLike(plain(generated.text), base?.bytes ?? Buffer.of()),
        modeOf(generated),
      )
    const files =
      flags.secrets === undefined ? [] : await writeSecrets(flags.secrets, generated.secrets.manifests)
    const document = valuesDocument(generated, flags, text, files)
    if (!flags.quiet && !flags.json) this.say(renderValuesNotes(document))
    return this.answer(document, () => text.replace(/\n$/, ''))
  }

  /** The text for stdout; empty if the text goes to a file. */
  #shown({ text }: GeneratedValues, { output, format }: ValuesFlags): string {
    if (typeof text === 'string') return output === undefined || output === STDOUT ? text : ''
    if (output === STDOUT) return text.reveal()
    if (output !== undefined) return ''
    throw new GpregError('usage', `--format ${format} holds secrets`, {
      hint: `name a file with -o FILE, which is written with mode 0600; -o - if stdout is meant`,
    })
  }
}

/** The configuration that is changed, with its bytes, because the new one is encoded as they are. */
async function readBase(path: string, inputs: ValuesInputs) {
  const bytes = await inputs.bytes(path)
  return { path, text: decodeText(bytes), bytes }
}

function plain(text: string | Sensitive): string {
  return typeof text === 'string' ? text : text.reveal()
}

function modeOf({ text }: GeneratedValues): number | undefined {
  return typeof text === 'string' ? undefined : SECRET_MODE
}

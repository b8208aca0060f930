import { lockImages, writeLock } from '@gpreg/core'
import { writeOutputFile } from '@gpreg/oci/engine'
import { BaseCommand } from '../base-command.ts'
import { exitCodeOfFailures } from '../exit-codes.ts'
import { copyOptions, platformFlag, referrersFlag } from '../flags/copy.ts'
import { withEnvironment } from '../flags/environment.ts'
import { eventsFlag } from '../flags/common.ts'
import { imageSetFlags } from '../flags/image-set.ts'
import { registryFlags } from '../flags/registries.ts'
import { assertWritable } from '../output-file.ts'
import { signatureFlags, signaturePolicy } from '../signatures.ts'
import { targetFlags } from '../flags/target.ts'
import { Flags } from '../oclif.ts'
import { lockDocument, renderLock, renderUnresolved } from '../render/lock.ts'
import { paintFor } from '../render/text/paint.ts'

const STDOUT = '-'

export default class Lock extends BaseCommand {
  static override summary = 'Pin all images to the digests they have now.'
  static override description =
    'Resolves every image, and the signatures that belong to it, to digests and sizes, so that moving tags become exact. Writes the lock only if every image could be resolved.'
  static override usage = '<%= command.id %> IMAGE-SET -o FILE [FLAGS]'
  static override examples = [
    {
      description: 'Pin a release',
      command: 'gpreg lock --release release-2022.11.3 -o gpreg.lock.json',
    },
    {
      description: 'With the names they will have in the internal registry',
      command: 'gpreg lock --images images.json --to registry.internal/gitpod -o gpreg.lock.json',
    },
  ]
  static override flags = {
    ...imageSetFlags,
    ...targetFlags,
    ...registryFlags,
    ...referrersFlag,
    ...platformFlag,
    ...signatureFlags,
    ...withEnvironment({
      output: Flags.string({
        char: 'o',
        required: true,
        helpValue: 'FILE|-',
        description: 'where the lock goes; - is stdout',
      }),
    }),
    ...eventsFlag,
  }

  async run() {
    const { flags } = await this.parse(Lock)
    if (flags.output !== STDOUT) await assertWritable(flags.output, '-o')
    const options = { ...copyOptions(flags), ...(await signaturePolicy(flags)) }
    const { set, registries, context } = await this.collect(flags)
    const { lock, failed } = await lockImages(set, registries, options, context)
    if (failed.length > 0) {
      const codes = failed.map(({ error }) => error.code)
      this.say(renderUnresolved(failed, paintFor(process.stderr)))
      return this.answer(
        lockDocument(lock, failed),
        () => '',
        exitCodeOfFailures(codes, lock.images.length + failed.length),
      )
    }
    if (flags.output === STDOUT) return this.answer(lock, () => writeLock(lock).trimEnd())
    await writeOutputFile(flags.output, writeLock(lock))
    return this.answer(lockDocument(lock, failed, flags.output), renderLock)
  }
}

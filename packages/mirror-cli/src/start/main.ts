import { fileURLToPath } from 'node:url'
import { run } from '@oclif/core/run'
import { settings } from '@oclif/core/settings'
import { builtConfig } from './built-commands.ts'
import { surviveClosedOutput } from './output.ts'

/** @param root the directory of the package, as a file URL that ends with a slash */
export async function main(root: string): Promise<void> {
  // Always run the built code, because oclif would look for TypeScript sources under NODE_ENV=test.
  settings.enableAutoTranspile = false
  surviveClosedOutput(process)
  const config = await builtConfig(fileURLToPath(root))
  try {
    await run(process.argv.slice(2), config)
  } catch (thrown) {
    // Loaded for an error only, so that every other start is faster.
    const { endWith } = await import('./ending.ts')
    endWith(thrown, config.commandIDs)
  }
}

import { fileURLToPath } from 'node:url'
import { run } from '@oclif/core/run'
import { settings } from '@oclif/core/settings'
import { builtCommands } from './built-commands.ts'
import { surviveClosedOutput } from './output.ts'

/** @param root the directory of the package, as a file URL that ends with a slash */
export async function main(root: string): Promise<void> {
  // Always run the built code, because oclif would look for TypeScript sources under NODE_ENV=test.
  settings.enableAutoTranspile = false
  surviveClosedOutput(process)
  const commands = builtCommands(fileURLToPath(root))
  try {
    await run(process.argv.slice(2), { root: commands.root, plugins: new Map([[commands.name, commands]]) })
  } catch (thrown) {
    // Loaded for an error only, so that every other start is faster.
    const { endWith } = await import('./ending.ts')
    endWith(thrown, commands.commandIDs)
  }
}

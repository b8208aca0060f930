import { run } from '@oclif/core/run'
import { settings } from '@oclif/core/settings'
import { builtCommands } from './built-commands.ts'
import type { Load } from './loader.ts'
import { surviveClosedOutput } from './output.ts'

/**
 * @param root the directory of the package
 * @param load loads the files of the built command
 */
export async function main(root: string, load: Load): Promise<void> {
  // Always run the built code, because oclif would look for TypeScript sources under NODE_ENV=test.
  settings.enableAutoTranspile = false
  surviveClosedOutput(process)
  const commands = builtCommands(root, load)
  try {
    await run(process.argv.slice(2), { root: commands.root, plugins: new Map([[commands.name, commands]]) })
  } catch (thrown) {
    // Loaded for an error only, so that every other start is faster.
    const { endWith } = await import('./ending.ts')
    endWith(thrown, commands.commands)
  }
}

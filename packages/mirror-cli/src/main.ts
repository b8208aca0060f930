import { execute, settings } from '@oclif/core'

/** @param start the file that was started, as `import.meta.url`: the command's own package.json is found from there */
export async function main(start: string): Promise<void> {
  // Always run the built code, because oclif would look for TypeScript sources under NODE_ENV=test.
  settings.enableAutoTranspile = false
  await execute({ dir: start })
}

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { keepCompiledCode, createLoader } from './loader.ts'
import { cacheDirectory } from './code-cache.ts'
import { completeEnvironment } from './environment.ts'
import { listenEarly } from './interruption.ts'
import type { main as Main } from './main.ts'

export { answerVersion } from './version.ts'

/**
 * Prepares the process before the rest of the program is read, and then runs it.
 * @param packageUrl the directory of the package, with a slash at the end
 */
export async function start(packageUrl: URL): Promise<void> {
  listenEarly()
  completeEnvironment(process.env)
  process.once('exit', keepCompiledCode)
  const root = fileURLToPath(packageUrl)
  const load = createLoader(join(root, 'dist'), cacheDirectory(process.env))
  const { main } = load(join(root, 'dist/main.js')) as { main: typeof Main }
  await main(root, load)
}

import { keepCompiledCode } from './code-cache.ts'
import { completeEnvironment } from './environment.ts'
import { listenEarly } from './interruption.ts'

export { answerVersion } from './version.ts'

/** Prepares the process before the rest of the program is read. */
export function prepare(): void {
  listenEarly()
  completeEnvironment(process.env)
  keepCompiledCode(process.env)
}

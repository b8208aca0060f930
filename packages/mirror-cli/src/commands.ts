import Images from './commands/images.ts'
import Lock from './commands/lock.ts'
import Mirror from './commands/mirror.ts'
import Serve from './commands/serve.ts'
import Verify from './commands/verify.ts'

/** Every command by name; oclif finds them here and nowhere else, so that gpreg bundles into one file. */
export const COMMANDS = { images: Images, lock: Lock, mirror: Mirror, serve: Serve, verify: Verify }

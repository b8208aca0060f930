import type { Command } from '@oclif/core'
import BundleInspect from './commands/bundle/inspect.ts'
import BundleLoad from './commands/bundle/load.ts'
import BundleSave from './commands/bundle/save.ts'
import BundleVerify from './commands/bundle/verify.ts'
import Doctor from './commands/doctor.ts'
import Images from './commands/images.ts'
import Lock from './commands/lock.ts'
import Login from './commands/login.ts'
import Logout from './commands/logout.ts'
import Mirror from './commands/mirror.ts'
import NodeConfig from './commands/node-config.ts'
import ProvisionAws from './commands/provision/aws.ts'
import ProvisionAzure from './commands/provision/azure.ts'
import ProvisionGcp from './commands/provision/gcp.ts'
import Prune from './commands/prune.ts'
import Serve from './commands/serve.ts'
import ValuesAws from './commands/values/aws.ts'
import ValuesAzure from './commands/values/azure.ts'
import ValuesCheck from './commands/values/check.ts'
import ValuesExternal from './commands/values/external.ts'
import ValuesGcp from './commands/values/gcp.ts'
import ValuesInCluster from './commands/values/in-cluster.ts'
import ValuesPatch from './commands/values/patch.ts'
import Verify from './commands/verify.ts'
import { PLUGIN_COMMANDS } from './plugin-commands.ts'

/** The commands of gpreg by name. */
export const COMMANDS = {
  'bundle:inspect': BundleInspect,
  'bundle:load': BundleLoad,
  'bundle:save': BundleSave,
  'bundle:verify': BundleVerify,
  doctor: Doctor,
  images: Images,
  lock: Lock,
  login: Login,
  logout: Logout,
  mirror: Mirror,
  'node-config': NodeConfig,
  'provision:aws': ProvisionAws,
  'provision:azure': ProvisionAzure,
  'provision:gcp': ProvisionGcp,
  prune: Prune,
  serve: Serve,
  'values:aws': ValuesAws,
  'values:azure': ValuesAzure,
  'values:check': ValuesCheck,
  'values:external': ValuesExternal,
  'values:gcp': ValuesGcp,
  'values:in-cluster': ValuesInCluster,
  'values:patch': ValuesPatch,
  verify: Verify,
}

/** All commands by name. oclif finds commands only in this table, so that gpreg can be bundled into one file. */
export const ALL_COMMANDS: Readonly<Record<string, typeof Command>> = { ...PLUGIN_COMMANDS, ...COMMANDS }

import type { Command } from '@oclif/core'
import { commands as help } from '@oclif/plugin-help'
/* eslint-disable @nx/enforce-module-boundaries -- the package exports none of its commands */
import Autocomplete from '../../../node_modules/@oclif/plugin-autocomplete/lib/commands/autocomplete/index.js'
import Create from '../../../node_modules/@oclif/plugin-autocomplete/lib/commands/autocomplete/create.js'
import Script from '../../../node_modules/@oclif/plugin-autocomplete/lib/commands/autocomplete/script.js'
/* eslint-enable @nx/enforce-module-boundaries */

/**
 * The commands of oclif's plugins. oclif itself would look for files of the plugins, which the bundle does not have. Those for
 * completion are imported by path, because their package exports none of them.
 */
export const PLUGIN_COMMANDS: Readonly<Record<string, typeof Command>> = {
  ...help,
  autocomplete: Autocomplete,
  'autocomplete:create': Create,
  'autocomplete:script': Script,
}

/* eslint-disable-next-line @nx/enforce-module-boundaries -- the package exports none of its commands, so it is imported by path */
export { default } from '../../../../../node_modules/@oclif/plugin-autocomplete/lib/commands/autocomplete/script.js'

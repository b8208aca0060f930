import { logout } from '@gpreg/core'
import { BaseCommand } from '../base-command.ts'
import { hostOf } from '../flags/host.ts'
import { loginFlags, registriesOptions } from '../flags/registries.ts'
import { Args } from '../oclif.ts'
import { renderLogout } from '../render/login.ts'

export default class Logout extends BaseCommand {
  static override summary = 'Forget the login of a registry.'
  static override description =
    'Removes it from where gpreg login and docker login keep it: the credential helper, or the file.'
  static override examples = [
    { description: 'Of an internal registry', command: 'gpreg logout registry.internal' },
    { description: 'From a file of its own', command: 'gpreg logout docker.io --authfile auth.json' },
  ]
  static override args = {
    host: Args.string({ required: true, description: 'host[:port] of the registry' }),
  }
  static override flags = { authfile: loginFlags.authfile }

  async run() {
    const { args, flags } = await this.parse(Logout)
    return this.answer(await logout(hostOf(args.host), registriesOptions(flags)), renderLogout)
  }
}

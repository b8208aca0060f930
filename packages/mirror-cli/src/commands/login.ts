import { buffer } from 'node:stream/consumers'
import { login } from '@gpreg/core'
import { GpregError } from '@gpreg/oci'
import { decodeText } from '@gpreg/oci/engine'
import { BaseCommand } from '../base-command.ts'
import { withEnvironment } from '../flags/environment.ts'
import { hostOf } from '../flags/host.ts'
import { loginFlags, registriesOptions } from '../flags/registries.ts'
import { Args, Flags } from '../oclif.ts'
import { ask, askHidden } from '../prompt.ts'
import { renderLogin } from '../render/login.ts'

export default class Login extends BaseCommand {
  static override summary = 'Keep the login of a registry, after trying it.'
  static override description =
    "Keeps it as docker login does: with the credential helper that the file names, else in the file itself (mode 0600). The file is --authfile, REGISTRY_AUTH_FILE, or docker's config.json. A login that the registry refuses is not kept."
  static override examples = [
    { description: 'Ask for name and password', command: 'gpreg login registry.internal' },
    {
      description: 'In a script',
      command: 'gpreg login registry.internal -u mirror --password-stdin < password.txt',
    },
  ]
  static override args = {
    host: Args.string({ required: true, description: 'host[:port] of the registry' }),
  }
  static override flags = {
    ...withEnvironment({
      username: Flags.string({ char: 'u', helpValue: 'NAME', description: 'default: asked for' }),
      'password-stdin': Flags.boolean({
        description: 'read the password from standard input',
        dependsOn: ['username'],
      }),
    }),
    ...loginFlags,
  }

  async run() {
    const { args, flags } = await this.parse(Login)
    const host = hostOf(args.host)
    const context = await this.openContext(flags)
    const username = flags.username ?? (await this.#asked('name', () => ask('Username: ', this.signal)))
    const password = flags['password-stdin']
      ? decodeText(await buffer(process.stdin)).replace(/\r?\n$/, '')
      : await this.#asked('password', () => askHidden('Password: ', this.signal))
    if (username === '' || password === '') {
      throw new GpregError('usage', `the ${username === '' ? 'name' : 'password'} is empty`, {
        hint: 'give both; a registry without passwords needs no login',
      })
    }
    const request = { host, username, password }
    return this.answer(await login(request, registriesOptions(flags), context), renderLogin)
  }

  #asked(what: string, asking: () => Promise<string>): Promise<string> {
    if (process.stdin.isTTY) return asking()
    throw new GpregError('usage', `there is no terminal to ask for the ${what}`, {
      hint: 'give -u NAME --password-stdin, and the password on standard input',
    })
  }
}

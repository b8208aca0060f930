import { once } from 'node:events'
import { createRegistryServer, LayoutStore } from '@gpreg/core'
import { Args } from '@oclif/core'
import { BaseCommand } from '../base-command.ts'
import { parseListen, serverFlags, serverOptions } from '../flags/server.ts'

export default class Serve extends BaseCommand {
  static override summary = 'Serve a directory as an OCI registry.'
  static override description =
    'Serves an OCI image layout, or an empty or new directory that becomes one. Runs until it is interrupted; with --json it prints one line with its URL once it listens.'
  static override usage = '<%= command.id %> [DIR] [FLAGS]'
  static override examples = [
    {
      description: 'A registry for this host alone',
      command: 'gpreg serve ./registry',
    },
    {
      description: 'A registry for a network',
      command:
        'gpreg serve /srv/registry --listen 0.0.0.0:443 --tls-cert registry.crt --tls-key registry.key --htpasswd users',
    },
    {
      description: 'For a script: a free port, its URL as JSON',
      command: 'gpreg serve ./registry --listen 127.0.0.1:0 --json',
    },
  ]
  static override args = {
    directory: Args.string({
      name: 'DIR',
      default: '.',
      ignoreStdin: true,
      description: 'an OCI image layout, an empty directory, or one to be made',
    }),
  }
  static override flags = serverFlags

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Serve)
    const { host, port } = parseListen(flags.listen)
    const context = await this.watch(flags)
    const store = await LayoutStore.open(args.directory)
    const server = createRegistryServer(store, await serverOptions(flags), context)
    const { url, close } = await server.listen(host, port)
    if (this.jsonEnabled()) process.stdout.write(`${JSON.stringify({ kind: 'Serving', version: 1, url })}\n`)
    this.say(`serving ${args.directory} at ${url}`)
    if (!this.signal.aborted) await once(this.signal, 'abort')
    await close()
  }
}

import { once } from 'node:events'
import { collectGarbage, openServedStore, type Context, type GarbageResult } from '@gpreg/core'
import { createRegistryServer, GpregError, isGpregError, type AccessLogEntry } from '@gpreg/oci'
import { BaseCommand } from '../base-command.ts'
import { keyFlag, readKey } from '../flags/bundle.ts'
import { parseListen, serverFlags, serverOptions } from '../flags/server.ts'
import { Args } from '../oclif.ts'
import { renderGarbage } from '../prune/render-garbage.ts'

export default class Serve extends BaseCommand {
  static override summary = 'Serve a bundle, a layout or an empty directory as an OCI registry.'
  static override description =
    'Serves a bundle where it lies, read-only and without unpacking it; or an OCI image layout, or an empty or new directory that becomes one. One process at a time may write a directory; others may serve it with --read-only, which writes nothing and sees what is new. Runs until it is interrupted, then ends with 0; with --json it prints one line with its URL once it listens. GET /healthz answers 200 without a login.'
  static override usage = '<%= command.id %> [PATH…] [FLAGS]'
  static override examples = [
    {
      description: 'A registry for this host alone',
      command: 'gpreg serve ./registry',
    },
    {
      description: 'A bundle in volumes, to the nodes of a network',
      command: 'gpreg serve gitpod.tar.001 gitpod.tar.002 --listen 0.0.0.0:5000 --key pub.pem',
    },
    {
      description: 'A registry for a network',
      command:
        'gpreg serve /srv/registry --listen 0.0.0.0:443 --tls-cert registry.crt --tls-key registry.key --htpasswd users',
    },
    {
      description: 'Free the disk of what was pruned, while nothing serves the directory',
      command: 'gpreg serve /srv/registry --gc',
    },
    {
      description: 'For a script: a free port, its URL as JSON',
      command: 'gpreg serve ./registry --listen 127.0.0.1:0 --json',
    },
  ]
  static override args = {
    path: Args.string({
      name: 'PATH',
      default: '.',
      description: 'a bundle, an OCI image layout, an empty directory, or one to be made',
    }),
  }
  static override strict = false
  static override flags = { ...serverFlags, ...keyFlag() }

  async run(): Promise<GarbageResult | void> {
    const { args, argv, flags } = await this.parse(Serve)
    const { host, port } = parseListen(flags.listen)
    const context = await this.openContext(flags)
    const paths = argv.length === 0 ? [args.path] : (argv as string[])
    if (flags.gc) {
      const result = await collectGarbage(onlyPath(paths), { dryRun: flags['dry-run'] }, context)
      return this.answer(result, renderGarbage)
    }
    const options = await serverOptions(flags)
    await using served = await openServedStore(paths, await readKey(flags.key), context, options)
    const { store, readOnly } = served
    const onRequest = (entry: AccessLogEntry) => reportFailure(entry, context)
    const server = createRegistryServer(store, { ...options, readOnly, onRequest }, context)
    this.signal.throwIfAborted()
    const { url, close } = await server.listen(host, port)
    if (this.jsonEnabled()) process.stdout.write(`${JSON.stringify({ kind: 'Serving', version: 1, url })}\n`)
    this.say(`serving ${paths.join(' ')} at ${url}${readOnly ? ', read-only' : ''}`)
    if (!this.signal.aborted) await once(this.signal, 'abort')
    await close()
  }
}

/** Says why the server failed at a request: its clients are told nothing of its disk. */
function reportFailure({ method, path, error }: AccessLogEntry, { emit }: Context): void {
  if (!(error instanceof Error) || isGpregError(error, 'aborted')) return
  const about = isGpregError(error) && error.subject.path
  const message = `${method} ${path} failed: ${about ? `${about}: ` : ''}${error.message}`
  emit({ type: 'warning', code: 'request-failed', message })
}

/** @throws `usage` */
function onlyPath([path = '.', ...others]: readonly string[]): string {
  if (others.length === 0) return path
  throw new GpregError('usage', '--gc takes one directory', { hint: 'name the directory of one registry' })
}

import { GpregError } from '@gpreg/oci'
import { parseSourceMirror, stateDirectory, type RegistriesOptions } from '@gpreg/oci/engine'
import { Flags, type Interfaces } from '../oclif.ts'
import { parseDuration } from './duration.ts'
import { defined } from './defined.ts'
import { hostOf } from './host.ts'
import { withEnvironment } from './environment.ts'

const helpGroup = 'REGISTRIES'
const repeatable = { helpGroup, multiple: true, multipleNonGreedy: true } as const

/** The flags for the connection to one registry. */
export const loginFlags = withEnvironment({
  authfile: Flags.string({
    helpGroup,
    helpValue: 'FILE',
    description: 'docker config.json or podman auth.json; default: as docker and podman search',
  }),
  'plain-http': Flags.string({
    ...repeatable,
    helpValue: 'HOST',
    description: 'speak plain HTTP to this host',
  }),
  'ca-file': Flags.string({
    ...repeatable,
    helpValue: '[HOST=]FILE',
    description: 'trust these certificate authorities (PEM)',
  }),
  'client-cert': Flags.string({
    ...repeatable,
    helpValue: 'HOST=CERT,KEY',
    description: 'show this client certificate (PEM files)',
  }),
  'insecure-skip-tls-verify': Flags.string({
    ...repeatable,
    helpValue: 'HOST',
    description: "do not check this host's certificate",
  }),
})

/** The flags for the connections to all registries. */
export const registryFlags = {
  ...withEnvironment({
    'source-mirror': Flags.string({
      ...repeatable,
      helpValue: 'PREFIX=REPLACEMENT',
      description: 'read images below PREFIX from elsewhere, e.g. docker.io=proxy.corp/dockerhub',
    }),
  }),
  ...loginFlags,
  ...withEnvironment({
    'source-authfile': Flags.string({
      helpGroup,
      helpValue: 'FILE',
      description: 'read this one instead of --authfile for the registries that images come from',
    }),
    'target-authfile': Flags.string({
      helpGroup,
      helpValue: 'FILE',
      description: 'read this one instead of --authfile for the registry that images go to',
    }),
    'stall-timeout': Flags.integer({
      helpGroup,
      helpValue: 'SECONDS',
      min: 1,
      description: 'give up on a host from which no byte comes for so long; default 60',
    }),
    'max-wait': Flags.string({
      helpGroup,
      helpValue: 'TIME',
      description:
        'longest pause that a registry may ask for, e.g. 90s or 2h; default 15m, then its images fail',
    }),
    'wait-for-quota': Flags.boolean({
      helpGroup,
      description: 'where Docker Hub has no pulls left, wait for more rather than fail',
    }),
    'upload-journal': Flags.string({
      helpGroup,
      helpValue: 'DIR|none',
      // The default belongs to the flag and not to `registriesOptions`, so that commands without the flag have no journal.
      default: async () => stateDirectory('uploads', process.env),
      // The manifest of the commands is written on another machine, which has other directories.
      noCacheDefault: true,
      description:
        'where large uploads are noted, so that a run which was killed goes on; default $XDG_STATE_HOME/gpreg/uploads',
    }),
    concurrency: Flags.integer({
      helpGroup,
      helpValue: 'N',
      min: 1,
      max: 64,
      description: 'blobs at once with one registry; default as many as help, 16 at most',
    }),
  }),
}

export type RegistryFlags = Interfaces.InferredFlags<typeof registryFlags>

/** @throws `usage` */
export function registriesOptions(flags: Partial<RegistryFlags>): RegistriesOptions {
  return defined({
    sourceMirrors: flags['source-mirror']?.map(parseSourceMirror),
    authFile: flags.authfile,
    sourceAuthFile: flags['source-authfile'],
    targetAuthFile: flags['target-authfile'],
    plainHttp: flags['plain-http']?.map(hostOf),
    caFiles: flags['ca-file']?.map(parseCaFile),
    clientCertificates: flags['client-cert']?.map(parseClientCertificate),
    insecureSkipTlsVerify: flags['insecure-skip-tls-verify']?.map(hostOf),
    stallTimeout: flags['stall-timeout'] === undefined ? undefined : flags['stall-timeout'] * 1000,
    concurrency: flags.concurrency,
    maxWait: flags['max-wait'] === undefined ? undefined : parseDuration(flags['max-wait']),
    waitForQuota: flags['wait-for-quota'],
    journal: flags['upload-journal'] === 'none' ? undefined : flags['upload-journal'],
  })
}

/** Reads `FILE` or `HOST=FILE`. Text before `=` is a host, unless it contains a slash; then it is a part of the path. */
function parseCaFile(text: string): { host?: string; file: string } {
  const [, host, file] = /^([^/=]+)=(.+)$/.exec(text) ?? []
  return host === undefined || file === undefined ? { file: text } : { host: hostOf(host), file }
}

function parseClientCertificate(text: string): { host: string; certificate: string; key: string } {
  const [, host, certificate, key] = /^([^/=]+)=([^,]+),([^,]+)$/.exec(text) ?? []
  if (host !== undefined && certificate !== undefined && key !== undefined)
    return { host: hostOf(host), certificate, key }
  throw new GpregError('usage', `not a client certificate: ${JSON.stringify(text)}`, {
    hint: 'write HOST=CERT,KEY, e.g. registry.internal:5000=client.crt,client.key',
  })
}

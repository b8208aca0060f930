import { serveManifests } from '@gpreg/values-gen'
import { defined } from '../../flags/defined.ts'
import { withEnvironment } from '../../flags/environment.ts'
import { furtherArguments, manifestFlags } from '../../manifests/flags.ts'
import { ManifestsCommand } from '../../manifests/manifests-command.ts'
import { Flags } from '../../oclif.ts'

export default class ManifestsServe extends ManifestsCommand {
  static override summary = 'Kubernetes YAML of a registry that serves a bundle or a layout.'
  static override description =
    'Prints a Deployment and its Service, which listens on port 5000. Content comes from a claim. The registry is read-only, unless it has TLS and users. Arguments behind -- go to gpreg serve.'
  static override usage = '<%= command.id %> --claim CLAIM --image REF [FLAGS] [-- SERVE-FLAGS]'
  static override examples = [
    {
      description: 'A bundle that was copied onto a volume',
      command:
        'gpreg manifests serve --image registry.internal/gitpod/gpreg:0.1.0 --claim bundles --path gitpod.tar | kubectl apply --server-side -f -',
    },
    {
      description: 'A registry that can be written to',
      command:
        'gpreg manifests serve --image registry.internal/gitpod/gpreg:0.1.0 --claim registry --tls-secret registry-tls --htpasswd-secret registry-users',
    },
  ]
  static override strict = false
  static override flags = {
    ...manifestFlags('gpreg-registry'),
    ...withEnvironment({
      image: Flags.string({
        required: true,
        helpValue: 'REF',
        description: 'the image of gpreg (gpreg tool push)',
      }),
      claim: Flags.string({
        required: true,
        helpValue: 'CLAIM',
        description: 'the PersistentVolumeClaim that holds the content',
      }),
      path: Flags.string({
        helpValue: 'PATH',
        default: 'registry',
        description: 'a bundle or a layout on the claim; a layout is made if there is none',
      }),
      'tls-secret': Flags.string({
        helpValue: 'SECRET',
        description: 'certificate and key, of type kubernetes.io/tls',
      }),
      'htpasswd-secret': Flags.string({
        helpValue: 'SECRET',
        description: 'users and bcrypt hashes below the key htpasswd, as htpasswd -B writes them',
      }),
    }),
  }

  async run() {
    const { flags, argv } = await this.parse(ManifestsServe)
    const { name, image, claim, path } = flags
    const objects = serveManifests({
      name,
      image,
      claim,
      path,
      version: this.config.version,
      args: furtherArguments(this.argv, argv),
      ...defined({
        namespace: flags.namespace,
        tls: flags['tls-secret'],
        htpasswd: flags['htpasswd-secret'],
      }),
    })
    return this.write(objects, flags)
  }
}

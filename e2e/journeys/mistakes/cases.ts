import { from, REDIS, type Site } from './site.ts'

/** A mistake, and what gpreg must say about it. */
export interface Mistake {
  readonly name: string
  readonly args: (site: Site) => readonly string[]
  readonly env?: (site: Site) => Readonly<Record<string, string>>
  readonly stdin?: string
  /** what the error must name: the cause */
  readonly cause: RegExp
  /** what the hint must name: the next step */
  readonly next: RegExp
  readonly exit: number
  /** the line of sh that runs the command `"$@"` */
  readonly shell?: string
  readonly only?: (site: Site) => boolean
}

const TO = ['--to', 'registry.example.com/gitpod']
const images = (...args: string[]) => ['images', ...args, ...TO]
/** Copies one image from a host to a host. */
const mirror = (source: string, target: string, ...args: string[]) => [
  ...['mirror', '--image', REDIS, ...from(source)],
  ...['--to', `${target}/gitpod`, '--max-wait', '1s', ...args],
]

const COMMAND_LINE: readonly Mistake[] = [
  { name: 'a misspelt command', args: () => ['mirorr'], cause: /mirorr/, next: /gpreg mirror\?/, exit: 2 },
  {
    name: 'a misspelt flag',
    args: () => ['mirror', '--imagse', 'x'],
    cause: /--imagse/,
    next: /--images?\?/,
    exit: 2,
  },
  {
    name: 'a flag of skopeo',
    args: () => ['mirror', '--dest-tls-verify=false'],
    cause: /--dest-tls-verify/,
    next: /--plain-http/,
    exit: 2,
  },
  { name: 'no image set', args: () => images(), cause: /no image|nothing/i, next: /--release/, exit: 2 },
  {
    name: 'no host in --to',
    args: () => ['images', '--image', 'redis', '--to', 'gitpod'],
    cause: /gitpod/,
    next: /gitpod\.internal\/apps/,
    exit: 2,
  },
  {
    name: 'a bad value in the environment',
    args: () => images('--image', 'redis'),
    env: () => ({ GPREG_NAMING: 'deep' }),
    cause: /GPREG_NAMING.*deep/s,
    next: /installer.*flat.*source|--help/,
    exit: 2,
  },
  {
    name: 'a bad number in the environment',
    args: () => ['mirror', '--image', 'redis', ...TO],
    env: () => ({ GPREG_CONCURRENCY: 'many' }),
    cause: /GPREG_CONCURRENCY/,
    next: /--help/,
    exit: 2,
  },
  {
    name: 'a bad rate in the environment',
    args: () => ['mirror', '--image', 'redis', ...TO],
    env: () => ({ GPREG_LIMIT_RATE: 'fast' }),
    cause: /fast/,
    next: /20MiB.*GPREG_LIMIT_RATE/,
    exit: 2,
  },
  {
    name: 'a bad target in the environment',
    args: () => ['images', '--image', 'redis'],
    env: () => ({ GPREG_TO: 'https://registry.internal/x' }),
    cause: /scheme/,
    next: /registry\.internal\/x.*GPREG_TO/,
    exit: 2,
  },
  {
    name: 'an unknown release',
    args: () => images('--release', 'release-1999.01.1'),
    cause: /1999\.01\.1/,
    next: /2022\.11\.3/,
    exit: 2,
  },
  {
    name: 'a repository in upper case',
    args: () => images('--image', 'docker.io/Library/redis:6.2'),
    cause: /Library.*lower case/,
    next: /docker\.io\/library/,
    exit: 2,
  },
  {
    name: 'a scheme before an image',
    args: () => images('--image', 'https://docker.io/library/redis'),
    cause: /scheme/,
    next: /docker\.io/,
    exit: 2,
  },
  {
    name: 'a target in upper case',
    args: () => ['images', '--image', 'redis', '--to', 'registry.example.com/Gitpod'],
    cause: /lower case/,
    next: /gitpod/,
    exit: 2,
  },
  {
    name: 'two images with one target',
    args: () => images('--images', 'collide.txt', '--naming', 'flat'),
    cause: /library\/redis:6\.2.*other\/redis:6\.2/s,
    next: /--naming|--exclude/,
    exit: 2,
  },
]

const FILES: readonly Mistake[] = [
  {
    name: 'a list that is not there',
    args: () => images('--images', 'absent.txt'),
    cause: /absent\.txt/,
    next: /path/,
    exit: 2,
  },
  {
    name: 'a directory in place of a file',
    args: () => images('--lock', 'folder'),
    cause: /folder/,
    next: /a file/,
    exit: 2,
  },
  {
    name: 'a file that may not be read',
    args: () => images('--images', 'secret.txt'),
    cause: /secret\.txt.*(?:denied|allowed)/s,
    next: /may read it/,
    exit: 2,
    shell: 'HOME=/ exec setpriv --reuid 65534 --clear-groups "$@"',
    only: () => process.getuid?.() === 0,
  },
  {
    name: 'empty standard input',
    args: () => images('--images', '-'),
    stdin: '',
    cause: /standard input/,
    next: /before the pipe/,
    exit: 2,
  },
  {
    name: 'an empty list',
    args: () => images('--images', 'empty.txt'),
    cause: /empty\.txt|no image/,
    next: /a reference a line/,
    exit: 2,
  },
  {
    name: 'a malformed line in a list',
    args: () => images('--images', 'malformed.txt'),
    cause: /malformed\.txt:2.*Upper\/Case::latest/,
    next: /host\[:port\]/,
    exit: 2,
  },
  {
    name: 'YAML that is broken',
    args: () => images('--manifests', 'broken.yaml'),
    cause: /broken\.yaml/,
    next: /YAML linter/,
    exit: 2,
  },
  {
    name: 'YAML that is not of Kubernetes',
    args: () => images('--manifests', 'list.yaml'),
    cause: /list\.yaml.*Kubernetes/,
    next: /--images/,
    exit: 2,
  },
  {
    name: 'a lock that is no lock',
    args: () => images('--lock', 'no-lock.json'),
    cause: /no-lock\.json/,
    next: /gpreg lock/,
    exit: 2,
  },
  {
    name: 'a bundle that is none',
    args: () => ['bundle', 'inspect', 'no-bundle.tar'],
    cause: /no-bundle\.tar/,
    next: /bundle save|bundle/,
    exit: 2,
  },
  {
    name: 'a bundle that is not there',
    args: () => ['bundle', 'verify', 'absent.tar'],
    cause: /absent\.tar/,
    next: /the tar/,
    exit: 2,
  },
  {
    name: 'a missing volume',
    args: () => ['bundle', 'verify', 'volumes.tar'],
    cause: /volumes\.tar\.001/,
    next: /volumes\.tar\.001/,
    exit: 4,
  },
  {
    name: 'a wrong key',
    args: () => ['bundle', 'verify', 'signed.tar', '--key', 'other.pub.pem'],
    cause: /signature|key/,
    next: /do not load it/,
    exit: 4,
  },
  {
    name: 'a key that is not there',
    args: () => ['bundle', 'verify', 'signed.tar', '--key', 'absent.pem'],
    cause: /absent\.pem/,
    next: /path/,
    exit: 2,
  },
  {
    name: 'a key that is none',
    args: () => ['bundle', 'verify', 'signed.tar', '--key', 'collide.txt'],
    cause: /collide\.txt/,
    next: /openssl/,
    exit: 2,
  },
  {
    name: 'an output that cannot be written',
    args: ({ hosts }) => ['bundle', 'save', '--image', REDIS, ...from(hosts.source), '-o', 'empty.txt/x.tar'],
    cause: /empty\.txt/,
    next: /path/,
    exit: 2,
  },
  {
    name: 'a full disk on this side',
    args: ({ hosts }) => ['bundle', 'save', '--image', REDIS, ...from(hosts.source), '-o', 'small/x.tar'],
    cause: /small.*|space|full/,
    next: /make room/,
    exit: 2,
    only: ({ hasSmallDisk }) => hasSmallDisk,
  },
  {
    name: 'standard output is full',
    args: () => images('--image', 'redis'),
    shell: '"$@" > /dev/full',
    cause: /standard output.*ENOSPC/,
    next: /room/,
    exit: 2,
  },
]

const REGISTRIES: readonly Mistake[] = [
  {
    name: 'a wrong password',
    args: ({ hosts, join }) => mirror(hosts.source, hosts.password, '--authfile', join('wrong.json')),
    cause: /password|login|credentials/,
    next: /gpreg login/,
    exit: 5,
  },
  {
    name: 'no login',
    args: ({ hosts }) => mirror(hosts.source, hosts.password),
    cause: /401/,
    next: /gpreg login/,
    exit: 5,
  },
  {
    name: 'an expired token',
    args: ({ hosts }) => mirror(hosts.source, hosts.expiredToken),
    cause: /token/,
    next: /gpreg login|again/,
    exit: 5,
  },
  {
    name: 'an expired certificate',
    args: ({ hosts }) => mirror(hosts.source, hosts.expired),
    cause: /expired/,
    next: /renew|new certificate|clock/,
    exit: 6,
  },
  {
    name: 'an unknown certificate authority',
    args: ({ hosts }) => mirror(hosts.source, hosts.unknownCa),
    cause: /certificate/,
    next: /--ca-file/,
    exit: 6,
  },
  {
    name: 'a CA file without a certificate',
    args: ({ hosts }) => mirror(hosts.source, hosts.unknownCa, '--ca-file', 'collide.txt'),
    cause: /collide\.txt/,
    next: /PEM/,
    exit: 2,
  },
  {
    name: 'a CA file that is not there',
    args: () => ['mirror', '--image', 'redis', ...TO, '--ca-file', 'absent.pem'],
    cause: /absent\.pem/,
    next: /path/,
    exit: 2,
  },
  {
    name: 'a registry without TLS',
    args: ({ hosts }) => mirror(hosts.source, hosts.target.replace('127.0.0.1', '0.0.0.0')),
    cause: /does not speak TLS/,
    next: /--plain-http/,
    exit: 6,
  },
  {
    name: 'a server that is no registry',
    args: ({ hosts }) => mirror(hosts.source, hosts.noRegistry),
    cause: /404/,
    next: /is a registry/,
    exit: 3,
  },
  {
    name: 'nothing listens',
    args: ({ hosts }) => mirror(hosts.source, hosts.closed),
    cause: /refused/,
    next: /listening/,
    exit: 6,
  },
  {
    name: 'an unknown host',
    args: ({ hosts }) => mirror(hosts.source, 'registry.invalid'),
    cause: /registry\.invalid/,
    next: /DNS|name/,
    exit: 6,
  },
  {
    name: 'a proxy that is down',
    args: () => ['images', '--release', 'release-2022.11.3', ...TO],
    env: ({ hosts }) => ({ HTTPS_PROXY: `http://${hosts.closed}` }),
    cause: /proxy/,
    next: /HTTPS_PROXY/,
    exit: 6,
  },
  {
    name: 'a registry that is read-only',
    args: ({ hosts }) => mirror(hosts.source, hosts.readOnly),
    cause: /405|read-only/,
    next: /read-only/,
    exit: 3,
  },
  {
    name: 'a full disk at the target',
    args: ({ hosts }) => mirror(hosts.source, hosts.full),
    cause: /507|full|room/,
    next: /room|space|free/,
    exit: 3,
  },
  {
    name: 'a rate limit',
    args: ({ hosts }) => mirror(hosts.limited, hosts.target),
    cause: /429|limit|pause/,
    next: /--max-wait|later|login/,
    exit: 3,
  },
  {
    name: 'an image that is not there',
    args: ({ hosts }) => mirror(hosts.source, hosts.target, '--image', 'docker.io/library/absent:1'),
    cause: /absent/,
    next: /name and the tag/,
    exit: 3,
  },
  {
    name: 'a platform that is not there',
    args: ({ hosts }) => [
      ...['mirror', '--image', REDIS.replace('6.2', 'index'), ...from(hosts.source)],
      ...['--to', `${hosts.target}/gitpod`, '--platform', 'windows/arm64'],
    ],
    cause: /windows\/arm64/,
    next: /linux\/amd64/,
    exit: 3,
  },
  {
    name: 'a malformed platform',
    args: ({ hosts }) => mirror(hosts.source, hosts.target, '--platform', 'amd64'),
    cause: /amd64/,
    next: /linux\/amd64|OS\/ARCH/,
    exit: 2,
  },
  {
    name: 'a layer with a wrong digest',
    args: ({ hosts }) => mirror(hosts.corrupt, hosts.empty),
    cause: /sha256/,
    next: /verify --deep/,
    exit: 3,
  },
  {
    name: 'a profile that is not there',
    args: () => ['provision', 'aws', '--region', 'eu-west-1', '--profile', 'absent', '--dry-run'],
    cause: /credentials/,
    next: /--profile/,
    exit: 5,
  },
]

export const MISTAKES: readonly Mistake[] = [...COMMAND_LINE, ...FILES, ...REGISTRIES]

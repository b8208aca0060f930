import { suggestionFor } from './suggestion.ts'

const LOGIN = 'gpreg login HOST stores credentials, and those of docker login and podman login are used'
const TARGET = '--to HOST/PREFIX names the target'
const NOT_ASKED = 'nothing is asked here, so leave it out'
const PASSWORD =
  'gpreg login HOST -u NAME --password-stdin reads a password from standard input, and keeps the login'
const TLS =
  '--insecure-skip-tls-verify HOST names one host, --plain-http HOST one without TLS, --ca-file a private CA'

/** Flags of docker, skopeo, crane, regctl and oras that users try, and what gpreg has instead. */
const ANSWERS: Readonly<Record<string, string>> = {
  '--all': 'gpreg copies all platforms, unless --platform names some',
  '--all-platforms': 'gpreg copies all platforms, unless --platform names some',
  '--multi-arch': 'gpreg copies all platforms, unless --platform names some',
  '--override-arch': '--platform OS/ARCH names a platform',
  '--override-os': '--platform OS/ARCH names a platform',
  '--creds': LOGIN,
  '--dest-creds': LOGIN,
  '--password': PASSWORD,
  '-p': PASSWORD,
  '--src-creds': LOGIN,
  '--username': LOGIN,
  '--compress': 'the layers of images are compressed already',
  '--debug': '--verbose tells more, and --events FILE everything',
  '--dest': TARGET,
  '--destination': TARGET,
  '--dry-run': 'gpreg prune only shows what would go, until --yes is given',
  '--force': NOT_ASKED,
  '--dest-authfile': '--target-authfile FILE has the credentials of the target',
  '--src-authfile': '--source-authfile FILE has those of the sources',
  '--cert-dir': '--ca-file [HOST=]FILE and --client-cert HOST=CERT,KEY name certificates',
  '--dest-tls-verify': TLS,
  '--insecure': TLS,
  '--insecure-registry': TLS,
  '--src-tls-verify': TLS,
  '--tls-verify': TLS,
  '--jobs': '--concurrency N limits the blobs at once',
  '--output': 'the answer goes to standard output: write > FILE',
  '-o': 'the answer goes to standard output: write > FILE',
  '--parallel': '--concurrency N limits the blobs at once',
  '--port': '--listen HOST:PORT says where to listen',
  '--public-key': '--key PUB.pem names the key that checks a bundle',
  '--target': TARGET,
  '--threads': '--concurrency N limits the blobs at once',
  '--to': 'gpreg bundle load --to HOST/PREFIX names the registry that a bundle goes to',
  '--yes': NOT_ASKED,
  '-y': NOT_ASKED,
  '--keep-going': 'gpreg always goes on with the other images, and ends with 3',
  '--preserve-digests': 'gpreg always keeps digests',
  '--recursive': 'gpreg copies signatures and other referrers, unless --no-referrers is given',
  '--retry-times': 'gpreg tries again by itself, and goes on where it was',
}

/**
 * What to write instead of a flag that a command does not have; undefined if nothing is near.
 * @param wrong as it was given, such as `--tls-verify=false`
 * @param known with `--`
 */
export function answerToFlag(wrong: string, known: readonly string[]): string | undefined {
  const [flag = wrong] = wrong.split('=', 1)
  const meant = suggestionFor(flag, known)
  return ANSWERS[flag] ?? (meant === undefined ? undefined : `did you mean ${meant}?`)
}

import type { ErrorCode } from '@gpreg/oci'

const SOURCE =
  'run the same command again; if it stays, something on the way changes what the source sends: name another source with --source-mirror'
const AGAIN = 'run the same command again to continue; --verbose tells the causes'

/** The next step for errors that were made without one, because where they are made nobody knows what the user wanted. */
const HINTS: Partial<Readonly<Record<ErrorCode, string>>> = {
  'digest-mismatch': SOURCE,
  'size-mismatch': SOURCE,
  'manifest-invalid': SOURCE,
  'manifest-too-large':
    'leave the image out with --exclude; registries refuse manifests of more than 4 MiB, too',
  'manifest-unsupported':
    'leave the image out with --exclude, or name a newer tag of it: docker pull says the same of very old ones',
  'digest-invalid': 'name the image by its tag, or by a digest sha256:… with 64 hexadecimal digits',
  'not-found': 'check the name and the tag',
  'blob-unknown':
    'push the image to its source again, which has lost a part of it, or name another source with --source-mirror',
  'bundle-damaged': 'gpreg bundle verify names what is damaged and what must be sent again',
  'input-invalid': 'look at the file: --help tells which formats are read',
  protocol: AGAIN,
  'server-error': AGAIN,
  'upload-lost': AGAIN,
  unreachable: AGAIN,
  stalled: AGAIN,
  usage: '--help lists what there is',
}

/** What the user can do next about an error; undefined if nobody can tell. */
export function nextStep({ code, hint }: { code?: string; hint?: string | undefined }): string | undefined {
  return hint ?? HINTS[code as ErrorCode]
}

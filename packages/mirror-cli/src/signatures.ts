import { readSignaturePolicy, type SignaturePolicy } from '@gpreg/core'
import { defined } from './flags/defined.ts'
import { withEnvironment } from './flags/environment.ts'
import { Flags, type Interfaces } from './oclif.ts'

const helpGroup = 'SIGNATURES'

/** The flags that say who must have signed the images. */
export const signatureFlags = withEnvironment({
  'verify-key': Flags.string({
    helpGroup,
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '[GLOB=]PUB.pem',
    description:
      "refuse images without a cosign signature by this key, e.g. 'quay.io/org/*=org.pub'; images that no key names need an identity",
  }),
  'verify-identity': Flags.string({
    helpGroup,
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'IDENTITY',
    description:
      'refuse images that this e-mail address or workflow has not signed with cosign without a key; * is any text',
  }),
  'verify-issuer': Flags.string({
    helpGroup,
    helpValue: 'URL',
    description: 'who vouches for --verify-identity, e.g. https://token.actions.githubusercontent.com',
  }),
  'trusted-root': Flags.string({
    helpGroup,
    helpValue: 'FILE',
    description: 'the trusted_root.json of another Sigstore than the public one',
    relationships: [{ type: 'some', flags: ['verify-key', 'verify-identity'] }],
  }),
})

/** @throws `usage`, `input-unreadable`, `input-invalid` */
export async function signaturePolicy(
  flags: Interfaces.InferredFlags<typeof signatureFlags>,
): Promise<{ readonly policy?: SignaturePolicy }> {
  return defined({
    policy: await readSignaturePolicy(
      defined({
        keys: flags['verify-key'],
        identities: flags['verify-identity'],
        issuer: flags['verify-issuer'],
        trustedRoot: flags['trusted-root'],
      }),
    ),
  })
}

/**
 * Writes the certificate authorities and logs of the public Sigstore into core, as the newest `@sigstore/tuf` has them:
 * `npm update @sigstore/tuf && npm run trusted-root`. gpreg asks no server for them, because it runs behind an air gap.
 */
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'

const path = fileURLToPath(new URL('../packages/core/src/signatures/public-trusted-root.ts', import.meta.url))
const text = `/** Written by \`npm run trusted-root\`. https://github.com/sigstore/root-signing */
export const PUBLIC_TRUSTED_ROOT: unknown = ${JSON.stringify(publicTrustedRoot())}
`
writeFileSync(path, await format(text, { ...(await resolveConfig(path)), parser: 'typescript' }))

/** The `trusted_root.json` of the public Sigstore that the installed `@sigstore/tuf` starts from. */
function publicTrustedRoot(): unknown {
  const seeds: Record<string, { readonly targets: Record<string, string> }> = createRequire(import.meta.url)(
    '@sigstore/tuf/seeds.json',
  )
  const encoded = seeds['https://tuf-repo-cdn.sigstore.dev']?.targets['trusted_root.json']
  if (encoded === undefined) throw new Error('@sigstore/tuf has no trusted root of the public Sigstore')
  return JSON.parse(Buffer.from(encoded, 'base64').toString())
}

import { createRequire } from 'node:module'

/** The `trusted_root.json` of the public Sigstore that the installed `@sigstore/tuf` starts from. */
export function publicTrustedRoot(): unknown {
  const seeds: Record<string, { readonly targets: Record<string, string> }> = createRequire(import.meta.url)(
    '@sigstore/tuf/seeds.json',
  )
  const encoded = seeds['https://tuf-repo-cdn.sigstore.dev']?.targets['trusted_root.json']
  if (encoded === undefined) throw new Error('@sigstore/tuf has no trusted root of the public Sigstore')
  return JSON.parse(Buffer.from(encoded, 'base64').toString())
}

/**
 * Writes the certificate authorities and logs of the public Sigstore into core, as the newest `@sigstore/tuf` has them:
 * `npm update @sigstore/tuf && npm run trusted-root`. gpreg asks no server for them, because it runs behind an air gap.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { publicTrustedRoot } from './trusted-root/seeds.ts'

const path = fileURLToPath(new URL('../packages/core/src/signatures/public-trusted-root.ts', import.meta.url))
const text = `/** Written by \`npm run trusted-root\`. https://github.com/sigstore/root-signing */
export const PUBLIC_TRUSTED_ROOT: unknown = ${JSON.stringify(publicTrustedRoot())}
`
writeFileSync(path, await format(text, { ...(await resolveConfig(path)), parser: 'typescript' }))

/** Written by `npm run trusted-root`. https://github.com/sigstore/root-signing */
export declare const PUBLIC_TRUSTED_ROOT: unknown

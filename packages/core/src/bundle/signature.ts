import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { GpregError } from '@gpreg/oci'

/**
 * Signs as `openssl dgst -sha256 -sign KEY.pem` does: ECDSA over P-256 and SHA-256, DER.
 * @param pem private key
 * @throws `input-invalid`
 */
export function signBytes(bytes: Uint8Array, pem: string, path: string): Buffer {
  return sign(
    'sha256',
    bytes,
    assertP256(
      readKey(() => createPrivateKey(pem), path),
      path,
    ),
  )
}

/**
 * Checks a signature that `signBytes` or openssl made.
 * @param key public key
 * @param signed the path of the signed file, for messages
 * @throws `signature-invalid`, `input-invalid`
 */
export function verifyBytes(
  bytes: Uint8Array,
  signature: Uint8Array,
  key: { readonly pem: string; readonly path: string },
  signed: string,
): void {
  const { pem, path } = key
  if (
    verify(
      'sha256',
      bytes,
      assertP256(
        readKey(() => createPublicKey(pem), path),
        path,
      ),
      signature,
    )
  )
    return
  throw new GpregError('signature-invalid', `the signature of ${signed} is not from the key ${path}`, {
    path: signed,
    hint: 'it was changed after it was signed, or signed by somebody else: do not load it',
  })
}

/**
 * Checks a key before the work whose result it is for.
 * @param use a private key signs, a public key checks
 * @throws `input-invalid`
 */
export function assertBundleKey(
  { pem, path }: { readonly pem: string; readonly path: string },
  use: 'sign' | 'check',
): void {
  const create = use === 'sign' ? createPrivateKey : createPublicKey
  assertP256(
    readKey(() => create(pem), path),
    path,
  )
}

function readKey(read: () => KeyObject, path: string): KeyObject {
  try {
    return read()
  } catch (cause) {
    throw invalidKey(path, 'it is no PEM key without a passphrase', cause)
  }
}

function assertP256(key: KeyObject, path: string): KeyObject {
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key
  throw invalidKey(path, 'it is no ECDSA key of the curve P-256')
}

function invalidKey(path: string, why: string, cause?: unknown): GpregError {
  return new GpregError('input-invalid', `${path} cannot be used as a key: ${why}`, {
    path,
    cause,
    hint: 'make one: openssl ecparam -name prime256v1 -genkey -noout -out key.pem; openssl ec -in key.pem -pubout -out pub.pem',
  })
}

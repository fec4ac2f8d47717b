import { encodeUtf8, writeU32 } from '@ldb/base'
import { hkdfSha256, KEY_BYTES, scrypt } from '@ldb/integrity'
import { SCRYPT_BLOCK_SIZE, SCRYPT_PARALLELIZATION } from '../format.js'

const MASTER_INFO = encodeUtf8('LDB master key 1')
const CHECK_INFO = encodeUtf8('LDB master key check 1')
const COMMITMENT_INFO = encodeUtf8('LDB data key commitment 1')

/**
 * Derives the master key, which wraps the data keys, from a secret.
 *
 * @param cost - binary logarithm of the cost of scrypt, for a passphrase; `undefined` for a key.
 */
export function deriveMasterKey(secret: Uint8Array, salt: Uint8Array, cost: number | undefined): Uint8Array {
  const key =
    cost === undefined
      ? secret
      : scrypt(secret, salt, 2 ** cost, SCRYPT_BLOCK_SIZE, SCRYPT_PARALLELIZATION, KEY_BYTES)
  return hkdfSha256(key, salt, MASTER_INFO, KEY_BYTES)
}

/** Returns the value by which a wrong master key is recognized. It discloses nothing of the key. */
export function masterCheckOf(masterKey: Uint8Array, databaseId: Uint8Array): Uint8Array {
  return hkdfSha256(masterKey, databaseId, CHECK_INFO, KEY_BYTES)
}

/**
 * Returns the commitment to a data key: no other key has it. AES-GCM does not commit to its key: one ciphertext may be valid under two
 * keys.
 */
export function commitmentOf(key: Uint8Array, id: number, databaseId: Uint8Array): Uint8Array {
  const info = new Uint8Array(COMMITMENT_INFO.length + 4)
  info.set(COMMITMENT_INFO)
  writeU32(info, COMMITMENT_INFO.length, id)
  return hkdfSha256(key, databaseId, info, KEY_BYTES)
}

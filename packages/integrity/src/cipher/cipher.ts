import { ecb, gcm } from '@noble/ciphers/aes.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { scrypt as nobleScrypt } from '@noble/hashes/scrypt.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import type { BlockCipher } from './block-cipher.js'

/** Returns AES-256 with a key of 32 bytes. */
export function createAes256(key: Uint8Array): BlockCipher {
  // The cipher object of the library encrypts once.
  return { encryptBlocks: (blocks) => ecb(key, { disablePadding: true }).encrypt(blocks) }
}

/**
 * Encrypts `plain` with AES-256-GCM (NIST SP 800-38D), and writes the ciphertext and the tag of 16 bytes to `target`.
 *
 * @param nonce - 12 bytes, never used again with this key.
 * @param associated - authenticated, not stored.
 */
export function sealGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
  plain: Uint8Array,
  target: Uint8Array,
  targetStart: number,
): void {
  target.set(gcm(key, nonce, associated).encrypt(plain), targetStart)
}

/**
 * Decrypts what `sealGcm` has written.
 *
 * @returns `undefined` when authentication fails.
 */
export function openGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  try {
    return gcm(key, nonce, associated).decrypt(sealed)
  } catch {
    return undefined
  }
}

/** HKDF with SHA-256 (RFC 5869). */
export function hkdfSha256(
  key: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  byteCount: number,
): Uint8Array {
  return hkdf(nobleSha256, key, salt, info, byteCount)
}

/**
 * Derives a key from a password with scrypt (RFC 7914).
 *
 * @param cost - N: a power of two. Takes 128 × `cost` × `blockSize` bytes of memory.
 */
export function scrypt(
  password: Uint8Array,
  salt: Uint8Array,
  cost: number,
  blockSize: number,
  parallelization: number,
  byteCount: number,
): Uint8Array {
  const maxmem = 128 * blockSize * (cost + parallelization + 2)
  return nobleScrypt(password, salt, { N: cost, r: blockSize, p: parallelization, dkLen: byteCount, maxmem })
}

import { createCipheriv, createDecipheriv, hkdfSync, scryptSync } from 'node:crypto'
import type { BlockCipher } from './block-cipher.js'

/** Tags are always complete: Node accepts shorter ones where the length is not given. */
const GCM = Object.freeze({ authTagLength: 16 })

/** Node implementation of `createAes256`. */
export function createAes256(key: Uint8Array): BlockCipher {
  // Without a chaining mode and without padding, a cipher object can be used for any number of blocks.
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
  return { encryptBlocks: (blocks) => cipher.update(blocks) }
}

/** Node implementation of `sealGcm`. */
export function sealGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
  plain: Uint8Array,
  target: Uint8Array,
  targetStart: number,
): void {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, GCM)
  cipher.setAAD(associated)
  const sealed = cipher.update(plain)
  cipher.final()
  target.set(sealed, targetStart)
  target.set(cipher.getAuthTag(), targetStart + plain.length)
}

/** Node implementation of `openGcm`. */
export function openGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const tagStart = sealed.length - GCM.authTagLength
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, GCM)
  decipher.setAAD(associated)
  decipher.setAuthTag(sealed.subarray(tagStart))
  const plain = decipher.update(sealed.subarray(0, tagStart))
  try {
    decipher.final()
  } catch {
    return undefined
  }
  return plain
}

/** Node implementation of `hkdfSha256`. */
export function hkdfSha256(
  key: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  byteCount: number,
): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, salt, info, byteCount))
}

/** Node implementation of `scrypt`. */
export function scrypt(
  password: Uint8Array,
  salt: Uint8Array,
  cost: number,
  blockSize: number,
  parallelization: number,
  byteCount: number,
): Uint8Array {
  const maxmem = 128 * blockSize * (cost + parallelization + 2)
  const derived = scryptSync(password, salt, byteCount, {
    N: cost,
    r: blockSize,
    p: parallelization,
    maxmem: Math.max(maxmem, 32 * 1024 * 1024),
  })
  return new Uint8Array(derived)
}

// XAES-256-GCM (C2SP) from the primitives of the platform.
import { createCipheriv, createDecipheriv } from 'node:crypto'

const TAG_BYTES = 16

/** Returns what ciphertext and tag stand for; `undefined` when the tag does not match. */
export function openXaes256Gcm(
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES) return undefined
  const tagAt = sealed.length - TAG_BYTES
  const cipher = createDecipheriv('aes-256-gcm', derivedKey(key, nonce.subarray(0, 12)), nonce.subarray(12))
  cipher.setAAD(associated)
  cipher.setAuthTag(sealed.subarray(tagAt))
  const plain = cipher.update(sealed.subarray(0, tagAt))
  try {
    cipher.final()
  } catch {
    return undefined
  }
  return new Uint8Array(plain)
}

/** CMAC in counter mode (NIST SP 800-108) with the label `X` and the first half of the nonce as its context. */
function derivedKey(key: Uint8Array, context: Uint8Array): Uint8Array {
  const subkey = doubled(encryptBlock(key, new Uint8Array(16)))
  const halves = [1, 2].map((counter) => {
    const block = Uint8Array.of(0, counter, 'X'.charCodeAt(0), 0, ...context)
    return encryptBlock(
      key,
      block.map((byte, index) => byte ^ (subkey[index] ?? 0)),
    )
  })
  return Uint8Array.from(halves.flatMap((half) => [...half]))
}

function encryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  return createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(block)
}

/** Multiplies a block by x in GF(2^128): the first subkey of CMAC. */
function doubled(block: Uint8Array): Uint8Array {
  const value = BigInt(`0x${Buffer.from(block).toString('hex')}`) << 1n
  const reduced = value >> 128n === 0n ? value : (value & ((1n << 128n) - 1n)) ^ 0x87n
  return Buffer.from(reduced.toString(16).padStart(32, '0'), 'hex')
}

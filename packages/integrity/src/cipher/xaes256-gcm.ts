import { assert } from '@ldb/base'
import { createAes256, openGcm, sealGcm } from '#cipher'
import type { BlockCipher, CipherPrimitives } from './block-cipher.js'

const PLATFORM: CipherPrimitives = { createAes256, openGcm, sealGcm }

/** Bytes of a key. @category Encryption */
export const KEY_BYTES = 32
/** Bytes of a nonce of XAES-256-GCM. @category Encryption */
export const NONCE_BYTES = 24
/** Bytes of an authentication tag. @category Encryption */
export const TAG_BYTES = 16

const BLOCK_BYTES = 16
/** The first half of a nonce selects the key of AES-256-GCM, the other half is its nonce. */
const SELECTOR_BYTES = 12
/** Reduction polynomial of CMAC (NIST SP 800-38B) for blocks of 128 bits. */
const REDUCTION = 0x87

/**
 * XAES-256-GCM (C2SP): AES-256-GCM with a nonce of 24 bytes, long enough to be chosen at random for 2^80 messages.
 *
 * @see https://c2sp.org/XAES-256-GCM
 * @category Encryption
 */
export class Xaes256Gcm {
  readonly #primitives: CipherPrimitives
  readonly #aes: BlockCipher
  /** The two blocks of the key derivation with zeros in place of the nonce, XORed with the subkey of CMAC. */
  readonly #base: Uint8Array
  readonly #blocks: Uint8Array

  /**
   * @param key - {@link KEY_BYTES} bytes.
   * @param primitives - default: those of the platform.
   */
  constructor(key: Uint8Array, primitives: CipherPrimitives = PLATFORM) {
    assert(key.length === KEY_BYTES, 'a key has 32 bytes')
    this.#primitives = primitives
    this.#aes = primitives.createAes256(key)
    this.#base = new Uint8Array(2 * BLOCK_BYTES)
    this.#blocks = new Uint8Array(2 * BLOCK_BYTES)
    const subkey = doubled(this.#aes.encryptBlocks(new Uint8Array(BLOCK_BYTES)))
    for (const half of [0, 1]) {
      const start = half * BLOCK_BYTES
      this.#base.set([0, half + 1, 0x58, 0], start)
      for (let at = 0; at < BLOCK_BYTES; at++) this.#base[start + at]! ^= subkey[at]!
    }
  }

  /**
   * Encrypts `plain`, and writes the ciphertext and a tag of {@link TAG_BYTES} bytes to `target` from `targetStart` on. The two may
   * overlap in any way.
   *
   * @param nonce - {@link NONCE_BYTES} bytes, chosen at random for each call.
   */
  seal(
    nonce: Uint8Array,
    associated: Uint8Array,
    plain: Uint8Array,
    target: Uint8Array,
    targetStart: number,
  ): void {
    const key = this.#keyOf(nonce)
    this.#primitives.sealGcm(key, nonce.subarray(SELECTOR_BYTES), associated, plain, target, targetStart)
  }

  /**
   * Decrypts a ciphertext and its tag.
   *
   * @returns `undefined` when authentication fails.
   */
  open(nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < TAG_BYTES) return undefined
    return this.#primitives.openGcm(this.#keyOf(nonce), nonce.subarray(SELECTOR_BYTES), associated, sealed)
  }

  /** Derives the key of AES-256-GCM for a nonce. */
  #keyOf(nonce: Uint8Array): Uint8Array {
    assert(nonce.length === NONCE_BYTES, 'a nonce has 24 bytes')
    const blocks = this.#blocks
    blocks.set(this.#base)
    const second = BLOCK_BYTES + BLOCK_BYTES - SELECTOR_BYTES
    for (let at = 0; at < SELECTOR_BYTES; at++) {
      const byte = nonce[at]!
      blocks[BLOCK_BYTES - SELECTOR_BYTES + at]! ^= byte
      blocks[second + at]! ^= byte
    }
    return this.#aes.encryptBlocks(blocks)
  }
}

/** Multiplies a block by x in the field of CMAC. */
function doubled(block: Uint8Array): Uint8Array {
  const result = new Uint8Array(BLOCK_BYTES)
  let carry = 0
  for (let at = BLOCK_BYTES - 1; at >= 0; at--) {
    const shifted = (block[at]! << 1) | carry
    result[at] = shifted
    carry = shifted >>> 8
  }
  if (carry !== 0) result[BLOCK_BYTES - 1]! ^= REDUCTION
  return result
}

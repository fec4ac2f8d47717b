import { NONCE_BYTES } from './xaes256-gcm.js'

/** A source of random bytes: the `random` of a `Vfs` is one. @category Encryption */
export interface RandomBytes {
  /** Fills `target` with random bytes and returns it. */
  fill(target: Uint8Array): Uint8Array
}

/**
 * Bytes of one draw from the source: a draw costs more than the bytes. Few enough that the snapshot of a virtual machine, resumed twice,
 * repeats no more than some nonces.
 */
const POOL_BYTES: number = 32 * NONCE_BYTES

/** Random bytes for nonces and versions, drawn from their source in small blocks. No byte is used twice. */
export class NoncePool {
  readonly #random: RandomBytes
  readonly #bytes: Uint8Array = new Uint8Array(POOL_BYTES)
  #used: number = POOL_BYTES

  constructor(random: RandomBytes) {
    this.#random = random
  }

  /** Writes random bytes to `target[start, end)`, no more than a nonce has. */
  take(target: Uint8Array, start: number, end: number): void {
    if (this.#used + (end - start) > POOL_BYTES) {
      this.#random.fill(this.#bytes)
      this.#used = 0
    }
    for (let at = start; at < end; at++) target[at] = this.#bytes[this.#used++]!
  }
}

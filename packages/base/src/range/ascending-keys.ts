import { compareByteRanges, copyBytesInto } from '../bytes/bytes.js'
import { invalidArgument } from '../ldb-error.js'

/** Checks that the keys of a sorted load ascend. @category Contracts */
export class AscendingKeys {
  #first: Uint8Array | undefined = undefined
  #last: Uint8Array = new Uint8Array(64)
  /** Length of the last key; -1 before the first. */
  #lastBytes = -1

  /** The smallest range that contains all keys; `undefined` when there is none. */
  get range(): { readonly lower: Uint8Array; readonly upper: Uint8Array } | undefined {
    if (this.#first === undefined) return undefined
    const upper = new Uint8Array(this.#lastBytes + 1)
    upper.set(this.#last.subarray(0, this.#lastBytes))
    return { lower: this.#first, upper }
  }

  /**
   * Takes the first `keyBytes` bytes of `key` as the next key.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT unless it is greater than the last one.
   */
  check(key: Uint8Array, keyBytes: number): void {
    const lastBytes = this.#lastBytes
    const order = lastBytes < 0 ? 1 : compareByteRanges(key, 0, keyBytes, this.#last, 0, lastBytes)
    if (order <= 0) {
      const what = order === 0 ? 'occurs twice' : 'follows a greater one'
      throw invalidArgument(`the entries of a load must ascend by encoded key: a key ${what}`, {
        key: key.slice(0, keyBytes),
      })
    }
    this.#first ??= key.slice(0, keyBytes)
    if (keyBytes > this.#last.length) this.#last = new Uint8Array(2 * keyBytes)
    copyBytesInto(this.#last, 0, key, 0, keyBytes)
    this.#lastBytes = keyBytes
  }
}

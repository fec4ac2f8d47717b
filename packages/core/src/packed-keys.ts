/** Many encoded keys, one behind the other in one array: an array for each would cost more than finding it. */
export class PackedKeys {
  bytes: Uint8Array = new Uint8Array(4096)
  /** Where each key ends. */
  readonly ends: number[] = []
  #used = 0

  /** Adds the first `keyBytes` bytes of `key`. */
  add(key: Uint8Array, keyBytes: number): void {
    const start = this.#used
    this.#used = start + keyBytes
    if (this.#used > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.#used, this.bytes.length * 2))
      larger.set(this.bytes)
      this.bytes = larger
    }
    const { bytes } = this
    for (let index = 0; index < keyBytes; index += 1) bytes[start + index] = key[index] as number
    this.ends.push(this.#used)
  }
}

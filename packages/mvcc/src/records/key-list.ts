import { copyBytes, copyBytesInto, readU16, writeU16 } from '@ldb/base'

const BYTES_MIN = 256
const LENGTH_BYTES = 2

/** Keys one behind the other in one growing array, in the order in which they came, with repetitions. */
export class KeyList {
  #bytes: Uint8Array = new Uint8Array(BYTES_MIN)
  #used = 0

  /** Bytes in use. */
  get byteLength(): number {
    return this.#used
  }

  add(key: Uint8Array, keyBytes: number): void {
    const used = this.#used
    const end = used + LENGTH_BYTES + keyBytes
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, used))
      this.#bytes = grown
    }
    writeU16(this.#bytes, used, keyBytes)
    copyBytesInto(this.#bytes, used + LENGTH_BYTES, key, 0, keyBytes)
    this.#used = end
  }

  /** Calls `visit` with each key, which is `bytes[start, end)`, until it gives true; tells whether it did. */
  some(visit: (bytes: Uint8Array, start: number, end: number) => boolean): boolean {
    for (let at = 0; at < this.#used;) {
      const start = at + LENGTH_BYTES
      const end = start + readU16(this.#bytes, at)
      if (visit(this.#bytes, start, end)) return true
      at = end
    }
    return false
  }

  /** Returns copies of all of them. */
  toArray(): Uint8Array[] {
    const keys: Uint8Array[] = []
    this.some((bytes, start, end) => {
      keys.push(copyBytes(bytes, start, end))
      return false
    })
    return keys
  }

  clear(): void {
    this.#used = 0
    this.#bytes = new Uint8Array(BYTES_MIN)
  }
}

import { copyBytes, copyBytesInto, readU16, writeU16 } from '@ldb/base'

const BYTES_MIN = 256
const LENGTH_BYTES = 2

/** An append-only list of keys in one growing byte array, in insertion order, with duplicates. */
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

  /** Calls `visit` with each key, `bytes[start, end)`, until it returns true. Reports whether it did. */
  some(visit: (bytes: Uint8Array, start: number, end: number) => boolean): boolean {
    for (let offset = 0; offset < this.#used;) {
      const start = offset + LENGTH_BYTES
      const end = start + readU16(this.#bytes, offset)
      if (visit(this.#bytes, start, end)) return true
      offset = end
    }
    return false
  }

  /** Returns copies of all keys. */
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

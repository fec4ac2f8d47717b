/**
 * Running 64-bit hash over the checksums of all records since the start of the log, in order. Equal chain hashes at one position mean that
 * the same records precede it in the same order.
 *
 * @remarks A fold of the checksums, which are well mixed already, instead of a hash of bytes: 2 ns a record.
 */
export class ChainHash {
  /** Low half, as a signed 32-bit integer. */
  low: number
  /** High half, as a signed 32-bit integer. */
  high: number

  constructor(low: number, high: number) {
    this.low = low
    this.high = high
  }

  /** Adds the checksum of the next record. Both multipliers are odd: each step is a bijection, so that no difference is lost. */
  add(checksumLow: number, checksumHigh: number): void {
    const low = Math.imul(((this.low << 13) | (this.low >>> 19)) ^ checksumLow, 0x85ebca77)
    this.high = Math.imul(((this.high << 17) | (this.high >>> 15)) ^ checksumHigh ^ low, 0xc2b2ae3d)
    this.low = low
  }

  equals(other: ChainHash): boolean {
    return this.low === other.low && this.high === other.high
  }

  copy(): ChainHash {
    return new ChainHash(this.low, this.high)
  }

  /** Returns the hash as 16 hexadecimal digits, for error messages. */
  toHex(): string {
    return hexWord(this.high) + hexWord(this.low)
  }
}

function hexWord(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}

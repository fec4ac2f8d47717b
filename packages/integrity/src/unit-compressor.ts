import { CodecId, COMPRESSED_RAW_BYTES_MAX, CUSTOM_CODEC_ID_MIN } from './codec.js'
import type { CompressionCodec } from './codec.js'

/** Compression must save at least this share of a unit: reading a unit that is not compressed costs less. */
const SAVED_SHARE_MIN = 1 / 8
/** Units in a row that do not compress, after which units are skipped. */
const FAILURES_MAX = 4
/** Units that are skipped at most between two attempts. */
const SKIPPED_MAX = 32

/**
 * Compresses units one after another, where it is worth it: the blocks of a table, the large values of a tree.
 *
 * @remarks A unit that does not become an eighth smaller is stored as it is. After four in a row, one is skipped, then two, four and so on up to
 * 32, until one compresses. So values that are compressed or encrypted already cost almost nothing.
 * @category Codecs
 */
export class UnitCompressor {
  readonly #codec: CompressionCodec
  #failureCount = 0
  #skipCount = 0

  constructor(codec: CompressionCodec) {
    this.#codec = codec
  }

  /** The codec that compresses. */
  get codec(): CompressionCodec {
    return this.#codec
  }

  /** Returns the compressed unit; `undefined` when it is to be stored as it is. */
  compress(unit: Uint8Array): Uint8Array | undefined {
    if (this.#codec.id === CodecId.None) return undefined
    if (this.#skipCount > 0) {
      this.#skipCount--
      return undefined
    }
    const compressed = unit.length > COMPRESSED_RAW_BYTES_MAX ? undefined : this.#attempt(unit)
    if (compressed !== undefined && compressed.length <= unit.length * (1 - SAVED_SHARE_MIN)) {
      this.#failureCount = 0
      return compressed
    }
    this.#failureCount++
    if (this.#failureCount >= FAILURES_MAX) {
      this.#skipCount = Math.min(SKIPPED_MAX, 2 ** (this.#failureCount - FAILURES_MAX))
    }
    return undefined
  }

  /** An application codec gets a copy, and may fail: the unit is then stored as it is. */
  #attempt(unit: Uint8Array): Uint8Array | undefined {
    const codec = this.#codec
    if (codec.id < CUSTOM_CODEC_ID_MIN) return codec.compress(unit)
    try {
      const compressed: unknown = codec.compress(unit.slice())
      return compressed instanceof Uint8Array ? compressed : undefined
    } catch {
      return undefined
    }
  }
}

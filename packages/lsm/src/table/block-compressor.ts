import { CodecId, COMPRESSED_RAW_BYTES_MAX, CUSTOM_CODEC_ID_MIN } from '@ldb/integrity'
import type { CompressionCodec } from '@ldb/integrity'

/** Compression must save at least this share of a block: reading a block that is not compressed costs less. */
const SAVED_SHARE_MIN = 1 / 8
/** Blocks in a row that do not compress, after which blocks are skipped. */
const FAILURES_MAX = 4
/** Blocks that are skipped at most between two attempts. */
const SKIPPED_MAX = 32

/**
 * Compresses the data blocks of one table, where it is worth it.
 *
 * @remarks After {@link FAILURES_MAX} blocks in a row that do not compress, one block is skipped, then two, four and so on up to
 * {@link SKIPPED_MAX}, until one compresses. So values that are compressed or encrypted already cost almost nothing.
 */
export class BlockCompressor {
  readonly #codec: CompressionCodec
  #failureCount = 0
  #skipCount = 0

  constructor(codec: CompressionCodec) {
    this.#codec = codec
  }

  get codecId(): number {
    return this.#codec.id
  }

  /** Returns the compressed block; `undefined` when it is to be stored as it is. */
  compress(block: Uint8Array): Uint8Array | undefined {
    if (this.#codec.id === CodecId.None) return undefined
    if (this.#skipCount > 0) {
      this.#skipCount--
      return undefined
    }
    const compressed = block.length > COMPRESSED_RAW_BYTES_MAX ? undefined : this.#attempt(block)
    if (compressed !== undefined && compressed.length <= block.length * (1 - SAVED_SHARE_MIN)) {
      this.#failureCount = 0
      return compressed
    }
    this.#failureCount++
    if (this.#failureCount >= FAILURES_MAX) {
      this.#skipCount = Math.min(SKIPPED_MAX, 2 ** (this.#failureCount - FAILURES_MAX))
    }
    return undefined
  }

  /** An application codec gets a copy, and may fail: the block is then stored as it is. */
  #attempt(block: Uint8Array): Uint8Array | undefined {
    const codec = this.#codec
    if (codec.id < CUSTOM_CODEC_ID_MIN) return codec.compress(block)
    try {
      const compressed: unknown = codec.compress(block.slice())
      return compressed instanceof Uint8Array ? compressed : undefined
    } catch {
      return undefined
    }
  }
}

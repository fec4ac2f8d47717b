/** Longest dictionary, in bytes. @category Dictionaries */
export const LZ4_DICTIONARY_BYTES_MAX = 32_768

/** Longest bytes that are compressed with a dictionary: a match may begin anywhere in the dictionary. @category Dictionaries */
export const LZ4_DICTIONARY_INPUT_BYTES_MAX = 32_767

/**
 * Compresses short bytes to blocks of LZ4 that may repeat parts of a dictionary.
 *
 * @remarks A block can be decompressed with the same dictionary only. All methods use the same memory: it is not shared between threads.
 * @category Dictionaries
 */
export interface Lz4Dictionary {
  /** The dictionary. It must not be changed. */
  readonly bytes: Uint8Array
  /**
   * Compresses `source[start, end)` to `target`, from `at` on.
   *
   * @param bytesMax - greatest length of the block; `target` has as many bytes.
   * @returns the length of the block; 0 when it would be greater than `bytesMax`, or the source is empty or longer than
   * {@link LZ4_DICTIONARY_INPUT_BYTES_MAX}.
   */
  compress(
    source: Uint8Array,
    start: number,
    end: number,
    target: Uint8Array,
    at: number,
    bytesMax: number,
  ): number
  /**
   * Decompresses the block `source[start, end)` to exactly `rawBytes` bytes of `target`, from `at` on.
   *
   * @param rawBytes - at most {@link LZ4_DICTIONARY_INPUT_BYTES_MAX}, and `target` has as many bytes.
   * @returns false, with the bytes of `target` unchanged, when the block is malformed or has another length.
   */
  decompress(
    source: Uint8Array,
    start: number,
    end: number,
    target: Uint8Array,
    at: number,
    rawBytes: number,
  ): boolean
}

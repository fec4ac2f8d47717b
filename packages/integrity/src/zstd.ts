/** Compresses and decompresses Zstandard frames. */
export interface Zstd {
  compress(bytes: Uint8Array): Uint8Array
  /**
   * Decompresses a frame to exactly `rawBytes` bytes. Returns `undefined` when it is malformed or has another length. Allocates little more
   * than `rawBytes` bytes.
   */
  decompress(frame: Uint8Array, rawBytes: number): Uint8Array | undefined
}

/** Zstandard of the platform; `undefined` where there is none. */
export const zstd: Zstd | undefined = undefined

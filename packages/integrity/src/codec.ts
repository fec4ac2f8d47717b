import { LdbError } from '@ldb/base'
import { deflateRaw, inflateRaw } from '#deflate'

/**
 * Ids of the codecs that LDB brings or keeps a number for. On disk: never renumber, never reuse. Ids from
 * {@link CUSTOM_CODEC_ID_MIN} on belong to the application.
 *
 * @category Codecs
 */
export const CodecId = {
  None: 0,
  Deflate: 1,
  /** Kept; no codec of this build has it. */
  Lz4: 2,
  /** Kept; no codec of this build has it. */
  Zstd: 3,
} as const

/**
 * The smallest id that an application may give to a codec of its own; the greatest is 255.
 *
 * @category Codecs
 */
export const CUSTOM_CODEC_ID_MIN = 128

/**
 * A way to make bytes fewer and to get them back.
 *
 * @category Codecs
 */
export interface CompressionCodec {
  /** The number that stands for this codec on disk, for ever; 128 to 255 for an application's own. */
  readonly id: number
  /** The name by which options choose it. */
  readonly name: string
  /** Returns the compressed bytes, or `undefined` when they would not be fewer. Must not keep or change its input. */
  compress(bytes: Uint8Array): Uint8Array | undefined
  /**
   * Returns the original bytes.
   *
   * @param rawBytes - how many there must be; must never take memory for many more.
   * @throws {@link LdbError} LDB_CORRUPTION when `bytes` do not decompress to exactly as many.
   */
  decompress(bytes: Uint8Array, rawBytes: number): Uint8Array
}

/**
 * The codec that leaves bytes as they are.
 *
 * @category Codecs
 */
export const NONE_CODEC: CompressionCodec = Object.freeze({
  id: CodecId.None,
  name: 'none',
  compress(): undefined {
    return undefined
  },
  decompress(bytes: Uint8Array, rawBytes: number): Uint8Array {
    if (bytes.length !== rawBytes) throw wrongLength('none', rawBytes, bytes.length)
    return bytes
  },
})

/** No deflate stream gives more than 1032 bytes for one: 258 bytes for two bits. */
const DEFLATE_RATIO_MAX = 1032

/**
 * Raw deflate (RFC 1951), by zlib on Node and by fflate elsewhere; each reads what the other wrote.
 *
 * @category Codecs
 */
export const DEFLATE_CODEC: CompressionCodec = Object.freeze({
  id: CodecId.Deflate,
  name: 'deflate',
  compress(bytes: Uint8Array): Uint8Array | undefined {
    const stored = deflateRaw(bytes)
    return stored.length < bytes.length ? stored : undefined
  },
  decompress(bytes: Uint8Array, rawBytes: number): Uint8Array {
    if (rawBytes > bytes.length * DEFLATE_RATIO_MAX) throw wrongLength('deflate', rawBytes, undefined)
    const raw = inflateRaw(bytes, rawBytes)
    if (raw === undefined) throw wrongLength('deflate', rawBytes, undefined)
    return raw
  },
})

function wrongLength(codec: string, expected: number, actual: number | undefined): LdbError {
  return new LdbError('LDB_CORRUPTION', `the bytes do not decompress to ${expected} bytes by ${codec}`, {
    details: { expected, ...(actual === undefined ? {} : { actual }) },
  })
}

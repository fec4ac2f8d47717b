import { LdbError } from '@ldb/base'
import { deflateRaw, inflateRaw } from '#deflate'

/**
 * Ids of the built-in and reserved codecs. On disk: never renumber, never reuse. Ids of
 * {@link CUSTOM_CODEC_ID_MIN} and above are reserved for application codecs.
 *
 * @category Codecs
 */
export const CodecId = {
  None: 0,
  Deflate: 1,
  /** Reserved; this build has no such codec. */
  Lz4: 2,
  /** Reserved; this build has no such codec. */
  Zstd: 3,
} as const

/**
 * The smallest id of an application codec; the largest is 255.
 *
 * @category Codecs
 */
export const CUSTOM_CODEC_ID_MIN = 128

/**
 * A compression codec: a reversible transformation of bytes.
 *
 * @category Codecs
 */
export interface CompressionCodec {
  /** The codec's id on disk, which never changes; 128 to 255 for application codecs. */
  readonly id: number
  /** The name that selects the codec in options. */
  readonly name: string
  /** Returns the compressed bytes, or `undefined` when compression saves nothing. Must not keep or change its input. */
  compress(bytes: Uint8Array): Uint8Array | undefined
  /**
   * Returns the original bytes.
   *
   * @param rawBytes - length of the original bytes. An implementation must not allocate much more than this.
   * @throws {@link LdbError} LDB_CORRUPTION when `bytes` do not decompress to exactly `rawBytes` bytes.
   */
  decompress(bytes: Uint8Array, rawBytes: number): Uint8Array
}

/**
 * The codec that stores bytes uncompressed.
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

/** A deflate stream expands at most 1032 times: a match of 258 bytes takes at least two bits. */
const DEFLATE_RATIO_MAX = 1032

/**
 * Raw deflate (RFC 1951): zlib on Node, fflate elsewhere. Each reads the other's output.
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
  return new LdbError('LDB_CORRUPTION', `${codec} does not decompress the bytes to ${expected} bytes`, {
    details: { expected, ...(actual === undefined ? {} : { actual }) },
  })
}

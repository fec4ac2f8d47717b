import { LdbError } from '@ldb/base'
import { deflateRaw, inflateRaw } from '#deflate'
import { compressLz4, decompressLz4 } from '#lz4'
import { zstd } from '#zstd'
import type { Zstd } from './zstd.js'

/**
 * Ids of the built-in and reserved codecs. On disk: never renumber, never reuse. Ids of
 * {@link CUSTOM_CODEC_ID_MIN} and above are reserved for application codecs.
 *
 * @category Codecs
 */
export const CodecId = {
  None: 0,
  Deflate: 1,
  Lz4: 2,
  /** Where the platform has it. */
  Zstd: 3,
} as const

/**
 * The smallest id of an application codec; the largest is 255.
 *
 * @category Codecs
 */
export const CUSTOM_CODEC_ID_MIN = 128

/**
 * Greatest length of bytes that are compressed: 64 MiB. Longer ones are stored uncompressed, and a unit that claims a greater length is
 * damaged.
 *
 * @category Codecs
 */
export const COMPRESSED_RAW_BYTES_MAX: number = 2 ** 26

/**
 * A compression codec: a reversible transformation of bytes.
 *
 * @remarks An application codec must not use the database that calls it. Its result is copied. When `compress` throws, the bytes are stored
 * uncompressed; when `decompress` throws, that is LDB_CORRUPTION.
 * @category Codecs
 */
export interface CompressionCodec {
  /** The codec's id on disk, which never changes; 128 to 255 for application codecs. */
  readonly id: number
  /** The name of the codec, in options and errors. */
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

/**
 * The block format of LZ4, in WebAssembly where there is one and in TypeScript elsewhere: fast, and its output is one and a half to twice as long as that of deflate.
 *
 * @category Codecs
 */
export const LZ4_CODEC: CompressionCodec = Object.freeze({
  id: CodecId.Lz4,
  name: 'lz4',
  compress(bytes: Uint8Array): Uint8Array | undefined {
    return bytes.length > COMPRESSED_RAW_BYTES_MAX ? undefined : compressLz4(bytes)
  },
  decompress(bytes: Uint8Array, rawBytes: number): Uint8Array {
    const raw = rawBytes > COMPRESSED_RAW_BYTES_MAX ? undefined : decompressLz4(bytes, rawBytes)
    if (raw === undefined) throw wrongLength('lz4', rawBytes, undefined)
    return raw
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

/**
 * Zstandard, level 3: on Node from 22.15 on. `undefined` where the platform has none.
 *
 * @category Codecs
 */
export const ZSTD_CODEC: CompressionCodec | undefined = zstd === undefined ? undefined : zstdCodec(zstd)

function zstdCodec(implementation: Zstd): CompressionCodec {
  return Object.freeze({
    id: CodecId.Zstd,
    name: 'zstd',
    compress(bytes: Uint8Array): Uint8Array | undefined {
      const stored = implementation.compress(bytes)
      return stored.length < bytes.length ? stored : undefined
    },
    decompress(bytes: Uint8Array, rawBytes: number): Uint8Array {
      const raw = rawBytes > COMPRESSED_RAW_BYTES_MAX ? undefined : implementation.decompress(bytes, rawBytes)
      if (raw === undefined) throw wrongLength('zstd', rawBytes, undefined)
      return raw
    },
  })
}

function wrongLength(codec: string, expected: number, actual: number | undefined): LdbError {
  return new LdbError('LDB_CORRUPTION', `${codec} does not decompress the bytes to ${expected} bytes`, {
    details: { expected, ...(actual === undefined ? {} : { actual }) },
  })
}

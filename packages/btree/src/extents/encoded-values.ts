import { assert, corruption } from '@ldb/base'
import { CodecId, COMPRESSED_RAW_BYTES_MAX, CodecTable, UnitCompressor } from '@ldb/integrity'
import type { BTreeOptions, TreeCompression } from '../file/options.js'
import type { OpenedTreeFile } from '../file/open.js'
import { extentPageCount } from '../format.js'
import type { ContentEncoding } from './extent-header.js'

/**
 * Compresses the values of a tree that go to extents, and decompresses them.
 *
 * @remarks A value is compressed only where that saves an eighth of it and at least one page: the content of an extent is read and written
 * with whole pages. Keys in extents are never compressed: comparisons read them.
 * @internal
 */
export class EncodedValues {
  /** Codecs by id. The owner may add those of the application later. */
  readonly #codecs: CodecTable
  readonly #compression: TreeCompression
  readonly #pageBytes: number
  readonly #trailerBytes: number
  #compressor: UnitCompressor | undefined = undefined
  #isUsed: boolean

  /**
   * @param isUsed - the file may contain encoded values.
   * @param trailerBytes - bytes of the trailer of an extent in an encrypted file.
   */
  constructor(
    compression: TreeCompression,
    codecs: CodecTable | undefined,
    pageBytes: number,
    isUsed: boolean,
    trailerBytes: number = 0,
  ) {
    this.#codecs = codecs ?? new CodecTable()
    this.#compression = compression
    this.#pageBytes = pageBytes
    this.#trailerBytes = trailerBytes
    this.#isUsed = isUsed
  }

  /** True when an extent of the file may have an encoded value: the header of the file must say so. */
  get isUsed(): boolean {
    return this.#isUsed
  }

  /** Compresses the value `bytes[start, end)`; returns `undefined` when it is to be stored as it is. */
  compress(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
    const pageCount = this.#pageCountOf(end - start)
    if (this.#compression === 'none' || pageCount === 1) return undefined
    const compressed = this.#currentCompressor().compress(bytes.subarray(start, end))
    if (compressed === undefined || this.#pageCountOf(compressed.length) === pageCount) {
      return undefined
    }
    this.#isUsed = true
    return compressed
  }

  /** Id of the codec of the newest compressed value. */
  get codecId(): number {
    assert(this.#compressor !== undefined, 'a value was compressed')
    return this.#compressor.codec.id
  }

  /**
   * Decompresses the content of an extent.
   *
   * @param offset - of the extent in the file, for errors.
   * @throws {@link LdbError} LDB_CORRUPTION; LDB_UNSUPPORTED when this build has no such codec and none was added.
   */
  decompress(
    { codecId, decodedBytes }: ContentEncoding,
    content: Uint8Array,
    file: string,
    offset: number,
  ): Uint8Array {
    return this.#codecs.decompress(codecId, content, decodedBytes, file, offset)
  }

  /** Checks the encoding in the header of an extent. @throws {@link LdbError} LDB_CORRUPTION. */
  check({ codecId, decodedBytes }: ContentEncoding, file: string, offset: number): void {
    const isPlain = codecId === CodecId.None && decodedBytes === 0
    const isEncoded = this.#isUsed && codecId !== CodecId.None && decodedBytes <= COMPRESSED_RAW_BYTES_MAX
    if (isPlain || isEncoded) return
    throw corruption(file, offset, 'the encoding of an overflow extent is not valid', { actual: codecId })
  }

  #pageCountOf(contentBytes: number): number {
    return extentPageCount(contentBytes, this.#pageBytes, this.#trailerBytes)
  }

  /** A codec of the application may be added after a replay: until then, values are compressed with LZ4. */
  #currentCompressor(): UnitCompressor {
    const codec = this.#codecs.ofOption(this.#compression)
    if (this.#compressor?.codec !== codec) this.#compressor = new UnitCompressor(codec)
    return this.#compressor
  }
}

/** Returns the encoded values of an opened file. @internal */
export function encodedValuesOf(
  { cache, meta, codec }: Pick<OpenedTreeFile, 'cache' | 'meta' | 'codec'>,
  { compression = 'none', codecs }: BTreeOptions,
): EncodedValues {
  return new EncodedValues(compression, codecs, cache.pageBytes, meta.hasEncodedValues, codec.trailerBytes)
}

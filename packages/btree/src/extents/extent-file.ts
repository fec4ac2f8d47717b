import { corruption, readU32, VALUE_BYTES_MAX, uninitializedBytes } from '@ldb/base'
import { CodecId, UnitKind } from '@ldb/integrity'
import type { UnitCodec } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import {
  OVERFLOW_EXTENT_BYTES,
  OVERFLOW_EXTENT_CODEC_OFFSET,
  OVERFLOW_EXTENT_DECODED_BYTES_OFFSET,
  extentPageCount,
} from '../format.js'
import type { ExtentReader, PageMemory } from '../page/memory.js'
import type { FreeSpace } from '../space/free-space.js'
import type { EncodedValues } from './encoded-values.js'
import { ExtentHeader } from './extent-header.js'
import type { ContentEncoding } from './extent-header.js'
import { decodeReference } from './extent-reference.js'
import type { ExtentReference } from './extent-reference.js'

/** Extents up to this size, header included, and all encrypted ones, are assembled in one buffer and written with one call. */
const ASSEMBLE_BYTES_MAX = 65_536

/** State of an open file that an {@link ExtentFile} shares. @internal */
export interface ExtentFileParts {
  readonly file: VfsFile
  readonly codec: UnitCodec
  readonly freeSpace: Pick<FreeSpace, 'firstPage' | 'pageCount'>
  readonly epoch: { readonly current: number }
  readonly encodedValues: EncodedValues
}

/**
 * Reads, verifies and writes the bytes of overflow extents in the file.
 *
 * @remarks Every read goes to the file. `LargeValues` caches values.
 * @internal
 */
export class ExtentFile implements ExtentReader {
  readonly pageBytes: number
  readonly #parts: ExtentFileParts
  readonly #header: ExtentHeader

  constructor(parts: ExtentFileParts, pageBytes: number) {
    this.pageBytes = pageBytes
    this.#parts = parts
    this.#header = new ExtentHeader(parts.codec)
  }

  /** Returns the number of pages of an extent that holds `contentBytes`. */
  pageCountOf(contentBytes: number): number {
    return extentPageCount(contentBytes, this.pageBytes, this.#parts.codec.trailerBytes)
  }

  /** Reads a key. @throws {@link LdbError} as {@link ExtentFile.readWhole}, and LDB_CORRUPTION when it is encoded. */
  readExtent(memory: PageMemory, offset: number): Uint8Array {
    const reference = decodeReference(memory.bytes, offset)
    const whole = this.readWhole(reference)
    if (encodingOf(whole).codecId !== CodecId.None) {
      throw corruption(this.#parts.file.path, reference.page * this.pageBytes, 'a key is encoded')
    }
    return whole.subarray(OVERFLOW_EXTENT_BYTES)
  }

  /**
   * Reads and verifies the value whose reference is at `memory.bytes[offset]`.
   *
   * @throws as {@link ExtentFile.readWhole} and {@link ExtentFile.valueOf} do.
   */
  readValue(memory: PageMemory, offset: number): Uint8Array {
    const reference = decodeReference(memory.bytes, offset)
    const whole = this.readWhole(reference)
    return this.valueOf(encodingOf(whole), whole.subarray(OVERFLOW_EXTENT_BYTES), reference.page)
  }

  /**
   * Returns the value that the verified content of the extent at `page` stands for: `content` itself when it is not encoded.
   *
   * @throws {@link LdbError} LDB_CORRUPTION when the content does not decompress; LDB_UNSUPPORTED when its codec is unknown.
   */
  valueOf(encoding: ContentEncoding, content: Uint8Array, page: number): Uint8Array {
    if (encoding.codecId === CodecId.None) return content
    const { file, encodedValues } = this.#parts
    return encodedValues.decompress(encoding, content, file.path, page * this.pageBytes)
  }

  /**
   * Reads and verifies an extent. Returns its header followed by its content, which may be encoded.
   *
   * @throws {@link LdbError} LDB_CORRUPTION when the extent does not match its reference.
   */
  readWhole(reference: ExtentReference): Uint8Array {
    const { file, codec, encodedValues } = this.#parts
    const { page, contentBytes, epoch } = reference
    const fileOffset = page * this.pageBytes
    this.#assertInFile(reference, fileOffset)
    const stored = uninitializedBytes(OVERFLOW_EXTENT_BYTES + contentBytes + codec.trailerBytes)
    const bytesRead = file.read(stored, 0, stored.length, fileOffset)
    if (bytesRead !== stored.length) {
      throw corruption(file.path, fileOffset, 'the file ends within an overflow extent', {
        expected: stored.length,
        actual: bytesRead,
      })
    }
    if (!codec.decode(UnitKind.OverflowExtent, fileOffset, epoch, stored, 0, stored.length)) {
      throw corruption(file.path, fileOffset, 'an overflow extent cannot be decrypted')
    }
    const bytes =
      codec.cipher === undefined ? stored : stored.subarray(0, OVERFLOW_EXTENT_BYTES + contentBytes)
    const encoding = encodingOf(bytes)
    this.#header.encodeExpected(reference, encoding, bytes, OVERFLOW_EXTENT_BYTES)
    for (let index = 0; index < OVERFLOW_EXTENT_BYTES; index += 1) {
      if (bytes[index] !== this.#header.bytes[index]) {
        throw corruption(file.path, fileOffset + index, 'an overflow extent does not match its checksum')
      }
    }
    if (!this.#header.matches(reference)) {
      throw corruption(
        file.path,
        fileOffset,
        'an overflow extent is not the version that its record refers to',
      )
    }
    encodedValues.check(encoding, file.path, fileOffset)
    return bytes
  }

  /** Reports whether `content` is the content of the extent that a reference names. */
  isContentOf(reference: ExtentReference, encoding: ContentEncoding, content: Uint8Array): boolean {
    this.#header.encodeExpected(reference, encoding, content, 0)
    return this.#header.matches(reference)
  }

  /** Writes an extent of the current epoch with the content `content[start..end)` to the pages from `page` on. */
  write(
    page: number,
    encoding: ContentEncoding,
    content: Uint8Array,
    start: number,
    end: number,
  ): ExtentReference {
    const { file, codec } = this.#parts
    const epoch = this.#parts.epoch.current
    const fileOffset = page * this.pageBytes
    const contentBytes = end - start
    const bytes = OVERFLOW_EXTENT_BYTES + contentBytes + codec.trailerBytes
    const header = this.#header
    header.encode(page, epoch, encoding, content, start, end)
    if (codec.cipher === undefined && bytes > ASSEMBLE_BYTES_MAX) {
      file.write(header.bytes, 0, OVERFLOW_EXTENT_BYTES, fileOffset)
      file.write(content, start, contentBytes, fileOffset + OVERFLOW_EXTENT_BYTES)
    } else {
      const whole = new Uint8Array(bytes)
      whole.set(header.bytes.subarray(0, OVERFLOW_EXTENT_BYTES))
      whole.set(content.subarray(start, end), OVERFLOW_EXTENT_BYTES)
      codec.write(file, UnitKind.OverflowExtent, fileOffset, epoch, whole, 0, bytes)
    }
    const { checksumLow, checksumHigh } = header
    return { page, contentBytes, epoch, checksumLow, checksumHigh }
  }

  /** Checks page range, length and epoch of a reference before anything is allocated for its extent. */
  #assertInFile(reference: ExtentReference, fileOffset: number): void {
    const { file, freeSpace, epoch } = this.#parts
    const { page, contentBytes } = reference
    if (
      page < freeSpace.firstPage ||
      this.pageCountOf(contentBytes) > freeSpace.pageCount - page ||
      contentBytes > VALUE_BYTES_MAX
    ) {
      throw corruption(file.path, fileOffset, 'an overflow extent lies outside of the file', { actual: page })
    }
    if (reference.epoch > epoch.current) {
      throw corruption(
        file.path,
        fileOffset,
        'the epoch of an overflow extent is later than the current epoch',
        { actual: reference.epoch },
      )
    }
  }
}

/** Returns the encoding in the header of an extent. @internal */
export function encodingOf(whole: Uint8Array): ContentEncoding {
  return {
    codecId: whole[OVERFLOW_EXTENT_CODEC_OFFSET] as number,
    decodedBytes: readU32(whole, OVERFLOW_EXTENT_DECODED_BYTES_OFFSET),
  }
}

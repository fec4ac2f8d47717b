import { corruption, isLdbError, readU32, readU64 } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import { CodecId, seedOfFile, UnitCodec, UnitKind } from '@ldb/integrity'
import type { CodecTable, DataKeys } from '@ldb/integrity'
import type { Vfs, VfsFile } from '@ldb/vfs'
import {
  HEADER_BYTES,
  TABLE_KIND,
  TRAILER_BYTES,
  TRAILER_CHECKSUM_OFFSET,
  TRAILER_CODEC_OFFSET,
  TRAILER_CONTENT_OFFSET,
  TRAILER_FILE_OFFSET_OFFSET,
  TRAILER_RAW_BYTES_OFFSET,
  TRAILER_RESERVED_OFFSET,
  UnitContent,
} from '../format.js'
import { decodeHeader, hasMagic } from './file-header.js'
import type { UnitHandle } from './handle.js'

/** The file of a table, open for reading: checks and decodes its units. */
export class UnitFile {
  readonly path: string
  readonly fileBytes: number
  readonly #codec: UnitCodec
  readonly #codecs: CodecTable
  readonly #fileId: Uint8Array
  /** Bytes behind the payload of a unit. */
  readonly trailerBytes: number
  readonly #file: VfsFile
  #isChecked: boolean
  #headerFault: LdbError | undefined = undefined

  /**
   * Opens the file, and reads nothing. The file stays open, so that readers are not disturbed when its name is removed.
   *
   * @param codecs - the compression codecs that units may have.
   * @param keys - the data keys of an encrypted store.
   * @param isChecked - the header was checked, or is damaged and not needed.
   * @throws {@link LdbError} LDB_NOT_FOUND, LDB_IO.
   */
  constructor(
    vfs: Vfs,
    path: string,
    fileId: Uint8Array,
    fileBytes: number,
    codecs: CodecTable,
    keys?: DataKeys,
    isChecked: boolean = false,
  ) {
    this.#isChecked = isChecked
    this.path = path
    this.fileBytes = fileBytes
    this.#file = vfs.open(path, 'read')
    this.#fileId = fileId
    this.#codecs = codecs
    this.#codec = new UnitCodec(seedOfFile(fileId), keys?.cipherOf('table', fileId))
    this.trailerBytes = TRAILER_BYTES + this.#codec.trailerBytes
  }

  /** LDB_CORRUPTION of a damaged header, which no read needs: the checksums of all units depend on the id of the file. Known after the first read. */
  get headerFault(): LdbError | undefined {
    return this.#headerFault
  }

  /** The stored bytes, for a copy of them. */
  get bytes(): VfsFile {
    return this.#file
  }

  /**
   * Reads a unit and returns its payload, uncompressed, from the start of a buffer of its own on.
   *
   * @param bytes - buffer for the unit, longer or not; the payload is in it unless it is compressed.
   * @throws {@link LdbError} LDB_CORRUPTION, LDB_IO; LDB_UNSUPPORTED when its codec is unknown.
   */
  read(
    { fileOffset, storedBytes }: UnitHandle,
    content: UnitContent,
    bytes: Uint8Array = new Uint8Array(storedBytes),
  ): Uint8Array {
    if (storedBytes < this.trailerBytes) throw this.fault(fileOffset, 'a unit is shorter than its trailer')
    this.readStored(bytes, 0, fileOffset, storedBytes)
    return this.decode(bytes, 0, { fileOffset, storedBytes }, content)
  }

  /**
   * Reads units as they are stored.
   *
   * @throws {@link LdbError} LDB_CORRUPTION when the file is another one or ends before, LDB_FORMAT, LDB_KEY, LDB_IO.
   */
  readStored(target: Uint8Array, start: number, fileOffset: number, byteCount: number): void {
    this.#check()
    if (this.#file.read(target, start, byteCount, fileOffset) !== byteCount) {
      throw this.fault(fileOffset, 'the file ends within a unit', this.fileBytes)
    }
  }

  /**
   * Checks a stored unit at an offset of a buffer, and returns its payload, uncompressed: a part of the buffer, or a buffer of its own.
   *
   * @throws {@link LdbError} LDB_CORRUPTION; LDB_UNSUPPORTED when its codec is unknown.
   */
  decode(
    bytes: Uint8Array,
    start: number,
    { fileOffset, storedBytes }: UnitHandle,
    content: UnitContent,
  ): Uint8Array {
    const kind = content === UnitContent.Filter ? UnitKind.Filter : UnitKind.Block
    const trailer = start + storedBytes - this.trailerBytes
    if (trailer < start) throw this.fault(fileOffset, 'a unit is shorter than its trailer')
    const isAuthentic = this.#codec.decode(kind, fileOffset, 0, bytes, start, storedBytes)
    if (!isAuthentic || !this.#isIntact(bytes, start, trailer)) {
      throw this.fault(fileOffset, 'the checksum of a unit does not match')
    }
    if (readU64(bytes, trailer + TRAILER_FILE_OFFSET_OFFSET) !== fileOffset) {
      throw this.fault(fileOffset, 'a unit belongs to another place of the file')
    }
    const codecId = bytes[trailer + TRAILER_CODEC_OFFSET]!
    const rawBytes = readU32(bytes, trailer + TRAILER_RAW_BYTES_OFFSET)
    if (
      bytes[trailer + TRAILER_CONTENT_OFFSET] !== content ||
      bytes[trailer + TRAILER_RESERVED_OFFSET] !== 0 ||
      bytes[trailer + TRAILER_RESERVED_OFFSET + 1] !== 0 ||
      (codecId === CodecId.None ? rawBytes !== trailer - start : content !== UnitContent.Data)
    ) {
      throw this.fault(fileOffset, 'the trailer of a unit is malformed')
    }
    const payload = bytes.subarray(start, trailer)
    if (codecId === CodecId.None) return payload
    return this.#codecs.decompress(codecId, payload, rawBytes, this.path, fileOffset)
  }

  /** Creates the error of a fault in the file. */
  fault(offset: number, message: string, actual?: number): LdbError {
    return corruption(this.path, offset, message, actual === undefined ? {} : { actual })
  }

  close(): void {
    this.#file.close()
  }

  #isIntact(bytes: Uint8Array, start: number, trailer: number): boolean {
    const checksum = trailer + TRAILER_CHECKSUM_OFFSET
    return this.#codec.isIntact(
      bytes,
      start,
      checksum,
      readU32(bytes, checksum) | 0,
      readU32(bytes, checksum + 4) | 0,
    )
  }

  /** Checks, before the first read, that the file is the one that the manifest names. */
  #check(): void {
    if (this.#isChecked) return
    const header = new Uint8Array(HEADER_BYTES)
    const readBytes = this.#file.read(header, 0, HEADER_BYTES, 0)
    const fileId = this.#fileIdOf(header.subarray(0, readBytes))
    if (fileId?.some((byte, index) => byte !== this.#fileId[index]) === true) {
      throw this.fault(0, 'the table is another one than the manifest names')
    }
    if (this.#file.length() !== this.fileBytes) {
      throw this.fault(0, 'the table has another length than the manifest says', this.#file.length())
    }
    this.#isChecked = true
  }

  /** Returns the id in the header; `undefined` when the header is damaged. @throws {@link LdbError} LDB_FORMAT, LDB_KEY for an intact one. */
  #fileIdOf(header: Uint8Array): Uint8Array | undefined {
    try {
      return decodeHeader(header, TABLE_KIND, this.path, this.#codec.cipher !== undefined).fileId
    } catch (error) {
      if (!isLdbError(error)) throw error
      if (error.code !== 'LDB_CORRUPTION' && hasMagic(header, TABLE_KIND)) throw error
      this.#headerFault = corruption(this.path, 0, 'the header of the table is damaged')
      return undefined
    }
  }
}

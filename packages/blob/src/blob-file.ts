import { corruption, equalBytes, uninitializedBytes } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import { CodecId, seedOfFile, UnitCodec } from '@ldb/integrity'
import type { CodecTable, UnitCipher } from '@ldb/integrity'
import { FileSync } from '@ldb/vfs'
import type { Vfs, VfsFile } from '@ldb/vfs'
import type { CreateCipher } from './blob-options.js'
import { checkEncryption, decodeHeader, encodeHeader } from './encoding/blob-header.js'
import { BlobIndex } from './blob-index.js'
import { chunkTableOf } from './encoding/chunks.js'
import { HEADER_BYTES, indexBytesOf, RECORD_ALIGNMENT, RECORD_HEADER_BYTES, recordBytesOf } from './format.js'
import { decodeRecordHeader, encodeRecordHeader } from './encoding/record-header.js'
import type { RecordHeader } from './encoding/record-header.js'
import { newVersion, openUnit, sealedParts } from './encoding/sealed-units.js'
import type { StoredValue } from './encoding/value-encoding.js'
import type { BlobReference } from './reference.js'
import { readStoredChunk, readStoredTable, readStoredValue } from './stored-values.js'

/** A record up to this size is assembled in one buffer, and written with one call. */
const ASSEMBLED_BYTES_MAX = 65_536
/** Bytes that a scan reads of a record: its header and most keys. */
const SCANNED_BYTES = 256

const hash = new Int32Array(2)
/** Holds a short record while it is written. */
const assembled = new Uint8Array(ASSEMBLED_BYTES_MAX)
const scanned = new Uint8Array(SCANNED_BYTES)

/** An open blob file. Records are appended to a file only by the process that has created it. */
export class BlobFile {
  readonly number: number
  readonly path: string
  /** Encodes keys, values and chunk tables. */
  readonly codec: UnitCodec
  /** Checksums of headers and of the index. It has no cipher: they are plain in an encrypted file. */
  readonly frame: UnitCodec
  /** Offset of the next record; in a file that was found, its length. */
  end: number
  readonly fileSync: FileSync
  readonly file: VfsFile
  readonly fileId: Uint8Array
  /** The index of a compacted file. */
  readonly index: BlobIndex | undefined
  /** Writes so far, by which a sync knows whether another write has followed its start. */
  writeCount = 0
  readonly #vfs: Vfs

  private constructor(
    vfs: Vfs,
    file: VfsFile,
    number: number,
    fileId: Uint8Array,
    codec: UnitCodec,
    end: number,
    index?: BlobIndex,
  ) {
    this.#vfs = vfs
    this.number = number
    this.path = file.path
    this.file = file
    this.fileId = fileId
    this.codec = codec
    this.frame = codec.cipher === undefined ? codec : new UnitCodec(codec.seed)
    this.end = end
    this.index = index
    this.fileSync = new FileSync(vfs, file)
  }

  /** Creates the file, which must not exist. Its directory entry is not synced. */
  static create(vfs: Vfs, path: string, number: number, fileId: Uint8Array, cipher?: UnitCipher): BlobFile {
    const file = vfs.open(path, 'createNew')
    try {
      const header = { fileId, fileNumber: number, indexCount: 0, encryption: cipher }
      file.write(encodeHeader(header), 0, HEADER_BYTES, 0)
    } catch (error) {
      file.close()
      throw error
    }
    return new BlobFile(vfs, file, number, fileId, new UnitCodec(seedOfFile(fileId), cipher), HEADER_BYTES)
  }

  /**
   * Reads the header, and the index, of a file that was found. A read that is interrupted, to be repeated, leaves `file` open.
   *
   * @throws {@link LdbError} as `decodeHeader`, LDB_IO.
   */
  static found(vfs: Vfs, file: VfsFile, number: number, createCipher?: CreateCipher): BlobFile {
    const bytes = new Uint8Array(HEADER_BYTES)
    const byteCount = file.read(bytes, 0, HEADER_BYTES, 0)
    const { fileId, indexCount, encryption } = decodeHeader(bytes, byteCount, number, file.path)
    const cipher = createCipher?.(fileId)
    checkEncryption(encryption, cipher, file.path)
    const codec = new UnitCodec(seedOfFile(fileId), cipher)
    const end = file.length()
    if (indexCount === 0) return new BlobFile(vfs, file, number, fileId, codec, end)
    const indexBytes = indexBytesOf(indexCount)
    if (HEADER_BYTES + indexBytes > end) throw corruption(file.path, end, 'a blob file ends within its index')
    const encoded = new Uint8Array(indexBytes)
    const count = file.read(encoded, 0, indexBytes, HEADER_BYTES)
    const index = BlobIndex.decode(new UnitCodec(codec.seed), encoded, count, file.path)
    return new BlobFile(vfs, file, number, fileId, codec, end, index)
  }

  /**
   * Reads the header and the index again, which are kept in memory while the file is open.
   *
   * @throws {@link LdbError} as `decodeHeader`, LDB_CORRUPTION when they are not those that the file was opened with, LDB_IO.
   */
  checkFront(): void {
    const { cipher } = this.codec
    const again = BlobFile.found(this.#vfs, this.file, this.number, cipher && ((): UnitCipher => cipher))
    const isSame = equalBytes(again.fileId, this.fileId) && again.indexBytes === this.indexBytes
    if (!isSame) throw corruption(this.path, 0, 'the header of a blob file was replaced')
  }

  /**
   * Appends a record with the key `key[keyStart, keyEnd)`.
   *
   * @returns its reference. When it throws, nothing was appended: the next record overwrites what was written.
   */
  append(key: Uint8Array, keyStart: number, keyEnd: number, stored: StoredValue): BlobReference {
    if (this.codec.cipher !== undefined) return this.#appendSealed(key, keyStart, keyEnd, stored)
    const { bytes: value, start, end, codecId, decodedBytes } = stored
    const { codec, end: offset, file } = this
    const keyBytes = keyEnd - keyStart
    const valueBytes = end - start
    const table = chunkTableOf(codec, value, start, end)
    if (table.length === 0) codec.checksum(value, start, end, hash)
    else codec.checksum(table, 0, table.length, hash)
    const checksumLow = hash[0] as number
    const checksumHigh = hash[1] as number
    const valueAt = RECORD_HEADER_BYTES + keyBytes
    const recordBytes = recordBytesOf(keyBytes, valueBytes)
    const isAssembled = recordBytes <= ASSEMBLED_BYTES_MAX
    const buffer = isAssembled ? assembled : new Uint8Array(valueAt)
    const byteCount = isAssembled ? recordBytes : valueAt
    buffer.set(key.subarray(keyStart, keyEnd), RECORD_HEADER_BYTES)
    const header = { offset, keyBytes, valueBytes, checksumLow, checksumHigh, codecId, decodedBytes }
    encodeRecordHeader(codec, header, buffer)
    if (isAssembled) buffer.set(value.subarray(start, end), valueAt)
    if (isAssembled) buffer.fill(0, valueAt + valueBytes, recordBytes)
    file.write(buffer, 0, byteCount, offset)
    const valueOffset = offset + valueAt
    if (!isAssembled) {
      file.write(value, start, valueBytes, valueOffset)
      if (table.length > 0) file.write(table, 0, table.length, valueOffset + valueBytes)
    }
    this.end = offset + recordBytes
    this.fileSync.recordWrite(recordBytes)
    return this.referenceTo(header)
  }

  /** Appends an encrypted record: its key, each chunk of its value and the chunk table are units. */
  #appendSealed(key: Uint8Array, keyStart: number, keyEnd: number, stored: StoredValue): BlobReference {
    const { codec, frame, end: offset, file } = this
    const { codecId, decodedBytes } = stored
    const [keyBytes, valueBytes] = [keyEnd - keyStart, stored.end - stored.start]
    const record = { offset, key, keyStart, keyEnd, ...stored }
    const version = newVersion(codec)
    const recordBytes = this.recordBytesOf(keyBytes, valueBytes)
    let at = 0
    for (const part of sealedParts(codec, frame, version, record)) {
      if (recordBytes > ASSEMBLED_BYTES_MAX) file.write(part, 0, part.length, offset + at)
      else assembled.set(part, at)
      at += part.length
    }
    if (recordBytes <= ASSEMBLED_BYTES_MAX) file.write(assembled.fill(0, at), 0, recordBytes, offset)
    this.end = offset + recordBytes
    this.fileSync.recordWrite(recordBytes)
    return this.referenceTo({
      offset,
      keyBytes,
      valueBytes,
      checksumLow: version.low,
      checksumHigh: version.high,
      codecId,
      decodedBytes,
    })
  }

  /** Reports whether a record would end behind `endBytes`; a file without a record takes any. */
  isFullFor(keyBytes: number, valueBytes: number, endBytes: number): boolean {
    return this.end > HEADER_BYTES && this.end + this.recordBytesOf(keyBytes, valueBytes) > endBytes
  }

  /** Returns the bytes of a record of this file. */
  recordBytesOf(keyBytes: number, valueBytes: number): number {
    return recordBytesOf(keyBytes, valueBytes, this.codec.trailerBytes)
  }

  /**
   * Reads, checks and decodes the value that a reference names.
   *
   * @param headroom - bytes in front of the value in the result, which the caller fills.
   * @throws {@link LdbError} LDB_CORRUPTION when the value does not match the reference; LDB_UNSUPPORTED when its codec is unknown.
   */
  read(reference: BlobReference, codecs: CodecTable, headroom: number = 0): Uint8Array {
    if (reference.codecId === CodecId.None) return this.readStored(reference, headroom)
    const value = this.#decoded(reference, this.readStored(reference), codecs)
    if (headroom === 0) return value
    const bytes = uninitializedBytes(headroom + value.length)
    bytes.set(value, headroom)
    return bytes
  }

  /**
   * Reads and checks the value that a reference names, as it is stored.
   *
   * @param headroom - as of `read`.
   * @throws {@link LdbError} LDB_CORRUPTION.
   */
  readStored(reference: BlobReference, headroom: number = 0): Uint8Array {
    return readStoredValue(this, reference, headroom)
  }

  /** Reads and checks the chunk table of a value; no bytes for a value of one chunk. */
  readChunkTable(reference: BlobReference): Uint8Array {
    return readStoredTable(this, reference)
  }

  /** Reads, checks and decodes one chunk of a value. An encoded value is one chunk. @throws {@link LdbError} as `read`. */
  readChunk(reference: BlobReference, table: Uint8Array, index: number, codecs: CodecTable): Uint8Array {
    return this.#decoded(reference, readStoredChunk(this, reference, table, index), codecs)
  }

  /**
   * Reads the header and the key of the record at `offset`; in a compacted file, of the first one at or behind it.
   *
   * @returns `undefined` when there is no intact header: the file ends, or what follows was never completed.
   */
  readRecord(offset: number): { readonly header: RecordHeader; readonly key: Uint8Array } | undefined {
    const { index } = this
    if (index === undefined) return this.#readRecordAt(offset, offset)
    const at = index.lowerBound(offset)
    return at === index.length ? undefined : this.#readRecordAt(index.offsetAt(at), index.positionAt(at))
  }

  #readRecordAt(
    offset: number,
    position: number,
  ): { readonly header: RecordHeader; readonly key: Uint8Array } | undefined {
    const { frame, codec } = this
    const { trailerBytes } = codec
    let bytes = scanned
    let byteCount = this.file.read(bytes, 0, SCANNED_BYTES, position)
    if (byteCount < RECORD_HEADER_BYTES) return undefined
    let header = decodeRecordHeader(frame, bytes, byteCount, offset, trailerBytes)
    if (header === undefined && byteCount === SCANNED_BYTES) {
      bytes = new Uint8Array(RECORD_HEADER_BYTES + 0xffff + trailerBytes)
      byteCount = this.file.read(bytes, 0, bytes.length, position)
      header = decodeRecordHeader(frame, bytes, byteCount, offset, trailerBytes)
    }
    if (header === undefined) return undefined
    const { keyBytes, checksumLow: low, checksumHigh: high } = header
    const key = bytes.slice(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + keyBytes + trailerBytes)
    if (codec.cipher === undefined) return { header, key }
    if (openUnit(codec, { position: offset, low, high }, key))
      return { header, key: key.subarray(0, keyBytes) }
    throw this.fault(offset, 'the key of a blob cannot be decrypted')
  }

  /** Returns the present position of the record with an offset. @throws {@link LdbError} LDB_CORRUPTION when it was removed. */
  positionOfRecord(offset: number): number {
    const { index } = this
    if (index === undefined) return offset
    const at = index.lowerBound(offset)
    if (at < index.length && index.offsetAt(at) === offset) return index.positionAt(at)
    throw this.fault(offset, 'the record that a blob reference names was removed')
  }

  /** Bytes of the index of a compacted file; 0 for any other. */
  get indexBytes(): number {
    return this.index === undefined ? 0 : indexBytesOf(this.index.length)
  }

  /** Reports whether no record can be at or behind an offset. The padding of the last one may be missing. */
  isAtEnd(offset: number): boolean {
    const { index } = this
    return index === undefined
      ? offset + RECORD_ALIGNMENT > this.end
      : index.lowerBound(offset) === index.length
  }

  /** Returns the reference that names the value of a record. */
  referenceTo({ offset, keyBytes, ...fields }: RecordHeader): BlobReference {
    const valueOffset = offset + RECORD_HEADER_BYTES + keyBytes + this.codec.trailerBytes
    return { fileNumber: this.number, valueOffset, keyBytes, ...fields }
  }

  close(): void {
    this.fileSync.close()
    this.file.close()
  }

  /** Returns the position of bytes of a value, from `start` on. Checks that the file contains `byteCount` of them. */
  positionOfValue({ valueOffset, keyBytes }: BlobReference, start: number, byteCount: number): number {
    const valueAt = RECORD_HEADER_BYTES + keyBytes + this.codec.trailerBytes
    const position = this.positionOfRecord(valueOffset - valueAt) + valueAt + start
    // A file that is appended to elsewhere may be longer by now: only the file itself knows.
    if (position + byteCount <= this.end || position + byteCount <= this.file.length()) return position
    throw this.fault(position, 'a blob reference names bytes behind the end of its file')
  }

  #decoded(
    { codecId, decodedBytes, valueOffset }: BlobReference,
    stored: Uint8Array,
    codecs: CodecTable,
  ): Uint8Array {
    if (codecId === CodecId.None) return stored
    return codecs.decompress(codecId, stored, decodedBytes, this.path, valueOffset)
  }

  /** Creates the error of a fault in the file. */
  fault(offset: number, message: string): LdbError {
    return corruption(this.path, offset, message)
  }
}

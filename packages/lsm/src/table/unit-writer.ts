import { writeU32, writeU64 } from '@ldb/base'
import { CodecId, seedOfFile, UnitCodec, UnitKind } from '@ldb/integrity'
import type { UnitCipher, UnitCompressor } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
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
import type { BufferPart } from '../entry/buffer-part.js'
import { encodeHeader } from './file-header.js'
import type { HeaderIds } from './file-header.js'
import type { UnitHandle } from './handle.js'

/** Bytes of one write to the file. */
const WRITE_BYTES = 256 * 1024
/** Bytes of a unit behind them that needs no larger buffer. */
const LARGE_UNIT_BYTES = 64 * 1024

/** A unit that was appended. */
interface WrittenUnit extends UnitHandle {
  /** Bytes of the payload, uncompressed. */
  readonly rawBytes: number
  /** ... and as it is stored. */
  readonly payloadBytes: number
}

/** Appends units to the file of a new table. Collects them in memory, so that a write of the file contains many. */
export class UnitWriter {
  readonly #file: VfsFile
  readonly #codec: UnitCodec
  readonly #hash: Int32Array = new Int32Array(2)
  #buffer: Uint8Array
  /** Part of the buffer that collects units. */
  #start: number
  #end: number
  /** Bytes in it that are not written yet. */
  #bufferedBytes = 0
  /** File offset of the first of them. */
  #bufferOffset = 0

  /**
   * @param buffer - memory to collect units in. Default: an own buffer.
   * @param cipher - encrypts the units. Default: they are not encrypted.
   */
  constructor(file: VfsFile, ids: HeaderIds, buffer?: BufferPart, cipher?: UnitCipher) {
    this.#file = file
    this.#codec = new UnitCodec(seedOfFile(ids.fileId), cipher)
    this.#buffer = buffer?.bytes ?? new Uint8Array(WRITE_BYTES + LARGE_UNIT_BYTES)
    this.#start = buffer?.start ?? 0
    this.#end = buffer?.end ?? this.#buffer.length
    this.#buffer.set(encodeHeader(TABLE_KIND, ids, cipher !== undefined), this.#start)
    this.#bufferedBytes = HEADER_BYTES
  }

  /** File offset of the next unit. */
  get end(): number {
    return this.#bufferOffset + this.#bufferedBytes
  }

  /**
   * Appends a unit.
   *
   * @param payloadBytesMax - upper bound of the bytes of the payload.
   * @param writePayload - writes the payload to a target at an offset and returns its end.
   * @param compressor - compresses the payload; `undefined` for units that are never compressed.
   */
  append(
    content: UnitContent,
    payloadBytesMax: number,
    writePayload: (target: Uint8Array, start: number) => number,
    compressor?: UnitCompressor,
  ): WrittenUnit {
    this.#reserve(payloadBytesMax + TRAILER_BYTES + this.#codec.trailerBytes)
    const fileOffset = this.end
    const buffer = this.#buffer
    const start = this.#start + this.#bufferedBytes
    const end = writePayload(buffer, start)
    const rawBytes = end - start
    const compressed = compressor?.compress(buffer.subarray(start, end))
    if (compressed !== undefined) buffer.set(compressed, start)
    const payloadBytes = compressed?.length ?? rawBytes
    const trailer = start + payloadBytes
    buffer[trailer + TRAILER_CODEC_OFFSET] =
      compressor === undefined || compressed === undefined ? CodecId.None : compressor.codec.id
    buffer[trailer + TRAILER_CONTENT_OFFSET] = content
    buffer.fill(0, trailer + TRAILER_RESERVED_OFFSET, trailer + TRAILER_RAW_BYTES_OFFSET)
    writeU32(buffer, trailer + TRAILER_RAW_BYTES_OFFSET, rawBytes)
    writeU64(buffer, trailer + TRAILER_FILE_OFFSET_OFFSET, fileOffset)
    const checksum = trailer + TRAILER_CHECKSUM_OFFSET
    this.#codec.checksum(buffer, start, checksum, this.#hash)
    writeU32(buffer, checksum, this.#hash[0]! >>> 0)
    writeU32(buffer, checksum + 4, this.#hash[1]! >>> 0)
    const storedBytes = trailer + TRAILER_BYTES - start + this.#codec.trailerBytes
    const kind = content === UnitContent.Filter ? UnitKind.Filter : UnitKind.Block
    this.#codec.encode(kind, fileOffset, 0, buffer, start, storedBytes, buffer, start)
    this.#bufferedBytes += storedBytes
    if (this.#bufferedBytes >= WRITE_BYTES) this.flush()
    return { fileOffset, storedBytes, rawBytes, payloadBytes }
  }

  /** Writes the collected units to the file. */
  flush(): void {
    if (this.#bufferedBytes === 0) return
    this.#file.write(this.#buffer, this.#start, this.#bufferedBytes, this.#bufferOffset)
    this.#bufferOffset += this.#bufferedBytes
    this.#bufferedBytes = 0
  }

  #reserve(byteCount: number): void {
    if (byteCount <= this.#end - this.#start - this.#bufferedBytes) return
    this.flush()
    if (byteCount <= this.#end - this.#start) return
    this.#buffer = new Uint8Array(byteCount)
    this.#start = 0
    this.#end = byteCount
  }
}

import { assert, LdbError, tooLarge, uninitializedBytes, VALUE_BYTES_MAX } from '@ldb/base'
import type { BlobFile } from './blob-file.js'
import { versionAt, writeChunkChecksum } from './encoding/chunks.js'
import { CHUNK_BYTES, CHUNK_CHECKSUM_BYTES, HEADER_BYTES, RECORD_HEADER_BYTES } from './format.js'
import { encodeRecordHeader } from './encoding/record-header.js'
import { chunkOffset, sealUnit } from './encoding/sealed-units.js'
import { PLAIN_VALUE } from './encoding/value-encoding.js'
import { encodeReference } from './reference.js'

/** Receives the end of a stream, of which the file is closed. */
interface StreamEnd {
  /** The file is on the device, and gets its name. */
  finished(): void
  /** @param isFinished - the file has its name. */
  aborted(isFinished: boolean): void
}

const hash = new Int32Array(2)

/**
 * Writes one value of unknown length to a file of its own, in bounded memory.
 *
 * @remarks The file gets its name when the value is complete and on the device. Until then, it means nothing: `removeUnfinished` removes
 * what a crash has left of it.
 * @category Blob files
 */
export class BlobStreamWriter {
  readonly #file: BlobFile
  readonly #key: Uint8Array
  readonly #end: StreamEnd
  readonly #valueOffset: number
  /** The chunk that is being filled. */
  readonly #chunk: Uint8Array
  #chunkBytes = 0
  #valueBytes = 0
  readonly #table: Uint8Array = new Uint8Array((VALUE_BYTES_MAX / CHUNK_BYTES) * CHUNK_CHECKSUM_BYTES)
  #chunkCount = 0
  #isFinished = false
  #isAborted = false

  /** @internal */
  constructor(file: BlobFile, key: Uint8Array, end: StreamEnd) {
    this.#file = file
    this.#key = key
    this.#end = end
    const { trailerBytes } = file.codec
    this.#chunk = uninitializedBytes(CHUNK_BYTES + trailerBytes)
    this.#valueOffset = HEADER_BYTES + RECORD_HEADER_BYTES + key.length + trailerBytes
  }

  /** Bytes of the value so far. */
  get valueBytes(): number {
    return this.#valueBytes
  }

  /** Number of its file. */
  get fileNumber(): number {
    return this.#file.number
  }

  /**
   * Appends bytes to the value. Call it again only after it has resolved.
   *
   * @throws {@link LdbError} LDB_TOO_LARGE above 1 GiB; LDB_NO_SPACE, LDB_IO. Call `abort` then.
   */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#valueBytes + bytes.length > VALUE_BYTES_MAX) {
      throw tooLarge('value', this.#valueBytes + bytes.length, VALUE_BYTES_MAX)
    }
    for (let at = 0; at < bytes.length;) {
      const count = Math.min(bytes.length - at, CHUNK_BYTES - this.#chunkBytes)
      this.#chunk.set(bytes.subarray(at, at + count), this.#chunkBytes)
      this.#chunkBytes += count
      this.#valueBytes += count
      at += count
      if (this.#chunkBytes === CHUNK_BYTES) await this.#writeChunk()
    }
  }

  /** Completes the value, and returns its encoded reference. It is on the device; the entry of its file is not, before a sync. */
  async finish(): Promise<Uint8Array> {
    if (this.#chunkBytes > 0 || this.#chunkCount === 0) await this.#writeChunk()
    const { codec, frame, file, number } = this.#file
    const { trailerBytes } = codec
    const valueBytes = this.#valueBytes
    const valueOffset = this.#valueOffset
    const keyBytes = this.#key.length
    // The checksum of a single chunk is that of the value.
    const table = this.#table.subarray(0, this.#chunkCount * CHUNK_CHECKSUM_BYTES)
    const view = new DataView(table.buffer)
    hash[0] = view.getInt32(0, true)
    hash[1] = view.getInt32(4, true)
    if (this.#chunkCount > 1) {
      codec.checksum(table, 0, table.length, hash)
    }
    const [low, high] = [hash[0] as number, hash[1] as number]
    if (this.#chunkCount > 1) {
      const position = valueOffset + valueBytes + this.#chunkCount * trailerBytes
      const stored = new Uint8Array(table.length + trailerBytes)
      sealUnit(codec, { position, low, high }, table, 0, table.length, stored, 0)
      file.write(stored, 0, stored.length, position)
    }
    const [checksumLow, checksumHigh] = [low, high]
    const start = new Uint8Array(RECORD_HEADER_BYTES + keyBytes + trailerBytes)
    sealUnit(codec, { position: HEADER_BYTES, low, high }, this.#key, 0, keyBytes, start, RECORD_HEADER_BYTES)
    const header = { offset: HEADER_BYTES, keyBytes, valueBytes, checksumLow, checksumHigh, ...PLAIN_VALUE }
    encodeRecordHeader(frame, header, start, trailerBytes)
    file.write(start, 0, start.length, HEADER_BYTES)
    await this.#file.fileSync.syncAsync()
    if (this.#isAborted) throw new LdbError('LDB_CLOSED', 'the stream was aborted')
    this.#file.close()
    this.#end.finished()
    this.#isFinished = true
    return encodeReference({
      fileNumber: number,
      valueBytes,
      valueOffset,
      checksumLow,
      checksumHigh,
      keyBytes,
      ...PLAIN_VALUE,
    })
  }

  /** Abandons the value, and removes its file. Nothing may refer to it. Idempotent; throws no `LdbError`. */
  abort(): void {
    if (this.#isAborted) return
    this.#isAborted = true
    if (!this.#isFinished) this.#file.close()
    this.#end.aborted(this.#isFinished)
  }

  async #writeChunk(): Promise<void> {
    const { codec, file, fileSync } = this.#file
    const byteCount = this.#chunkBytes
    const position = this.#valueOffset + chunkOffset(this.#chunkCount, codec.trailerBytes)
    assert(this.#valueBytes === this.#chunkCount * CHUNK_BYTES + byteCount, 'chunks are written in order')
    const chunk = this.#chunk
    writeChunkChecksum(codec, this.#table, this.#chunkCount * CHUNK_CHECKSUM_BYTES, chunk, 0, byteCount)
    const unit = { position, ...versionAt(this.#table, this.#chunkCount) }
    if (codec.cipher !== undefined) sealUnit(codec, unit, chunk, 0, byteCount, chunk, 0)
    await file.writeAsync(chunk, 0, byteCount + codec.trailerBytes, position)
    fileSync.recordWrite(byteCount)
    this.#chunkCount++
    this.#chunkBytes = 0
  }
}

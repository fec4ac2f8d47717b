import { readU32, ResumableTask } from '@ldb/base'
import type { Syncable, TaskSteps } from '@ldb/base'
import { DirectorySync, FileSync } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import type { BlobFile } from './blob-file.js'
import { removeQuietly } from './compaction.js'
import { versionAt } from './encoding/chunks.js'
import type { Version } from './encoding/chunks.js'
import { newBlobFileName } from './encoding/file-name.js'
import { encodeRecordHeader } from './encoding/record-header.js'
import type { RecordHeader } from './encoding/record-header.js'
import { chunkOffset, sealUnit } from './encoding/sealed-units.js'
import {
  CHUNK_BYTES,
  CHUNK_CHECKSUM_BYTES,
  FIRST_RECORD_OFFSET,
  HEADER_BYTES,
  RECORD_HEADER_BYTES,
} from './format.js'
import { readStoredChunk } from './stored-values.js'
import { referencedBytes } from './reference.js'
import type { BlobReference } from './reference.js'

/** Bytes that are written at a time. */
const PART_BYTES = 1024 * 1024
/** Records that are examined between two time slices: each costs three short reads. */
const SLICE_RECORDS = 64
/** Bytes of the number of the data key, with which the trailer of a unit ends. */
const DATA_KEY_ID_BYTES = 4

/** Writes the header of a file and the records of references again, in place, and syncs them. The bytes do not change. */
export function rewriteRecords(vfs: Vfs, source: BlobFile, references: readonly BlobReference[]): void {
  const file = vfs.open(source.path, 'write')
  const buffer = new Uint8Array(PART_BYTES)
  const rewrite = (from: number, byteCount: number): void => {
    for (let done = 0; done < byteCount;) {
      const count = file.read(buffer, 0, Math.min(PART_BYTES, byteCount - done), from + done)
      // The padding of the last record may lie behind the end of the file.
      if (count === 0) return
      file.write(buffer, 0, count, from + done)
      done += count
    }
  }
  try {
    rewrite(0, HEADER_BYTES)
    for (const reference of references) {
      const { trailerBytes } = source.codec
      const recordOffset = reference.valueOffset - reference.keyBytes - trailerBytes - RECORD_HEADER_BYTES
      rewrite(source.positionOfRecord(recordOffset), referencedBytes(reference, trailerBytes))
    }
    file.sync()
  } finally {
    file.close()
  }
}

/** Groups references by the number of their file. */
export function byFileNumber(references: readonly BlobReference[]): Map<number, BlobReference[]> {
  const byFile = new Map<number, BlobReference[]>()
  for (const reference of references) {
    const named = byFile.get(reference.fileNumber)
    if (named === undefined) byFile.set(reference.fileNumber, [reference])
    else named.push(reference)
  }
  return byFile
}

/** Access to the files of a directory, which `BlobFiles` gives. */
export interface RenewableFiles {
  /** Returns a file, open. */
  readonly open: (number: number) => BlobFile
  /** Reports whether a value is being written as a stream. */
  readonly isWriting: () => boolean
  /** Replaces a file by its copy, which is on the device. */
  readonly replace: (number: number, newPath: string) => void
}

/** Finds records that are encrypted with older data keys, and rewrites their files. @category Blob files */
export class BlobRenewal {
  readonly #vfs: Vfs
  readonly #directory: string
  readonly #files: RenewableFiles

  /** @internal */
  constructor(vfs: Vfs, directory: string, files: RenewableFiles) {
    this.#vfs = vfs
    this.#directory = directory
    this.#files = files
  }

  /** True while a value is being written as a stream, whose first units may be under an older key. */
  get isStreaming(): boolean {
    return this.#files.isWriting()
  }

  /**
   * Counts the records of a file that are under older keys.
   *
   * @param isOld - reports whether a number is that of an older data key.
   * @param note - called for each such record with its bytes.
   * @param timeSlice - synced after some records, to yield the thread.
   */
  *countSteps(
    number: number,
    isOld: (dataKeyId: number) => boolean,
    note: (byteCount: number) => void,
    timeSlice: Syncable,
  ): TaskSteps {
    let left = SLICE_RECORDS
    for (let offset = FIRST_RECORD_OFFSET; ;) {
      // The file may have been replaced since the last slice.
      const file = this.#files.open(number)
      const header = file.readRecord(offset)?.header
      if (header === undefined) return
      const recordBytes = file.recordBytesOf(header.keyBytes, header.valueBytes)
      if (oldestKeyIds(file, header).some(isOld)) note(recordBytes)
      offset = header.offset + recordBytes
      left -= 1
      if (left > 0) continue
      left = SLICE_RECORDS
      yield timeSlice
    }
  }

  /**
   * Replaces a file by a copy whose units are encrypted anew. References stay valid: no record changes its position or its versions. A crash
   * leaves the file as before or renewed. The file is not appended to.
   *
   * @param timeSlice - synced after each MiB, to yield the thread.
   * @param mayReplace - asked at the end: the file stays as it is when it returns false.
   * @throws {@link LdbError} LDB_CORRUPTION when bytes of the file are in no record: the file stays as it is. LDB_IO, LDB_NO_SPACE.
   */
  begin(number: number, timeSlice: Syncable, mayReplace: () => boolean): ResumableTask {
    return new ResumableTask(this.#steps(number, timeSlice, mayReplace))
  }

  *#steps(number: number, timeSlice: Syncable, mayReplace: () => boolean): TaskSteps {
    const newPath = `${this.#directory}/${newBlobFileName(number)}`
    if (this.#vfs.status(newPath) !== undefined) this.#vfs.remove(newPath)
    const source = this.#files.open(number)
    try {
      yield* renewedCopySteps(this.#vfs, source, newPath, timeSlice)
    } catch (error) {
      removeQuietly(this.#vfs, newPath)
      throw error
    }
    if (!mayReplace()) {
      removeQuietly(this.#vfs, newPath)
      return
    }
    this.#files.replace(number, newPath)
    yield new DirectorySync(this.#vfs, this.#directory)
  }
}

/** Returns the data keys of the units of a record that were written first: a stream writes its key and its first chunk at different times. */
function oldestKeyIds(file: BlobFile, { offset, keyBytes, valueBytes }: RecordHeader): number[] {
  const { trailerBytes } = file.codec
  const keyEnd = file.positionOfRecord(offset) + RECORD_HEADER_BYTES + keyBytes + trailerBytes
  const chunkEnd = keyEnd + Math.min(valueBytes, CHUNK_BYTES) + trailerBytes
  const bytes = new Uint8Array(DATA_KEY_ID_BYTES)
  return [keyEnd, chunkEnd].map((end) => {
    const byteCount = file.file.read(bytes, 0, bytes.length, end - bytes.length)
    return byteCount < bytes.length ? 0 : readU32(bytes, 0)
  })
}

/** Writes and syncs a copy of a file with the same records at the same positions, encrypted anew. */
function* renewedCopySteps(vfs: Vfs, source: BlobFile, newPath: string, timeSlice: Syncable): TaskSteps {
  const copy = vfs.open(newPath, 'createNew')
  const fileSync = new FileSync(vfs, copy)
  let sliceBytes = 0
  const write = (bytes: Uint8Array, position: number): void => {
    copy.write(bytes, 0, bytes.length, position)
    fileSync.recordWrite(bytes.length)
    sliceBytes += bytes.length
  }
  try {
    const front = new Uint8Array(HEADER_BYTES + source.indexBytes)
    source.file.read(front, 0, front.length, 0)
    write(front, 0)
    let offset = FIRST_RECORD_OFFSET
    for (let record = source.readRecord(offset); record !== undefined; record = source.readRecord(offset)) {
      const { header, key } = record
      for (const part of renewedParts(source, header, key)) {
        write(part.bytes, source.positionOfRecord(header.offset) + part.at)
        if (sliceBytes < PART_BYTES) continue
        sliceBytes = 0
        yield timeSlice
      }
      offset = header.offset + source.recordBytesOf(header.keyBytes, header.valueBytes)
    }
    if (!source.isAtEnd(offset)) throw source.fault(offset, 'bytes of a blob file are in no record')
    yield fileSync
  } finally {
    fileSync.close()
    copy.close()
  }
}

/** Yields the parts of a record, encrypted anew with the same versions, and their distance from its beginning. */
function* renewedParts(
  source: BlobFile,
  header: RecordHeader,
  key: Uint8Array,
): Generator<{ readonly bytes: Uint8Array; readonly at: number }, void, void> {
  const { codec, frame } = source
  const { trailerBytes } = codec
  const { offset, keyBytes, valueBytes, checksumLow: low, checksumHigh: high } = header
  const head = new Uint8Array(RECORD_HEADER_BYTES + keyBytes + trailerBytes)
  sealUnit(codec, { position: offset, low, high }, key, 0, keyBytes, head, RECORD_HEADER_BYTES)
  encodeRecordHeader(frame, header, head, trailerBytes)
  yield { bytes: head, at: 0 }
  const reference = source.referenceTo(header)
  const table = source.readChunkTable(reference)
  const seal = (plain: Uint8Array, at: number, { low, high }: Version): { bytes: Uint8Array; at: number } => {
    const bytes = new Uint8Array(plain.length + trailerBytes)
    sealUnit(codec, { position: offset + at, low, high }, plain, 0, plain.length, bytes, 0)
    return { bytes, at }
  }
  const valueAt = head.length
  for (let index = 0; index === 0 || index * CHUNK_BYTES < valueBytes; index++) {
    const plain = readStoredChunk(source, reference, table, index)
    const version = table.length === 0 ? { low, high } : versionAt(table, index)
    yield seal(plain, valueAt + chunkOffset(index, trailerBytes), version)
  }
  if (table.length === 0) return
  const trailers = (table.length / CHUNK_CHECKSUM_BYTES) * trailerBytes
  yield seal(table, valueAt + valueBytes + trailers, { low, high })
}

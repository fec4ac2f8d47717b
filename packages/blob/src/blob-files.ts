import { assert, corruption, isLdbError, ResumableTask } from '@ldb/base'
import type { Syncable } from '@ldb/base'
import { FILE_ID_BYTES } from '@ldb/integrity'
import type { UnitCompressor } from '@ldb/integrity'
import { DirectorySync, FileRemoval } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { BlobFile } from './blob-file.js'
import type { BlobFileInfo, BlobRecord } from './blob-info.js'
import { BlobSource } from './blob-source.js'
import { compactionSteps, removeUnfinished, truncationSteps } from './compaction.js'
import type { KeptRecord } from './compaction.js'
import { BlobRenewal, byFileNumber, rewriteRecords } from './rewriting.js'
import { resolveBlobFilesOptions } from './blob-options.js'
import type { BlobFilesOptions, ResolvedBlobFilesOptions } from './blob-options.js'
import { BlobStreams } from './blob-streams.js'
import { fileEndBytes } from './file-length.js'
import type { BlobStreamWriter } from './stream-writer.js'
import { blobFileName, blobFileNumber, newBlobFileName } from './encoding/file-name.js'
import { encodeValue } from './encoding/value-encoding.js'
import { FILE_NUMBER_MAX } from './format.js'
import { decodeReference, encodeReference } from './reference.js'
import type { BlobReference } from './reference.js'

/**
 * The blob files of one directory: values are appended to them, and read by their references.
 *
 * @remarks Invariants: (V1) a file that was found at open is never appended to; (V2) a number is used once: the next one is above all in the
 * directory, and the file with the greatest one is never removed; (V3) a value is never changed; (V4) after `sync`, every value that was
 * appended before is on the device, with the entry of its file. The directory must exist; files with other names are left alone.
 * @category Blob files
 */
export class BlobFiles implements Syncable {
  readonly #vfs: Vfs
  readonly #directory: string
  readonly #options: ResolvedBlobFilesOptions
  /** Length from which the active file is ended. */
  #endBytes = 0
  /** Existing files, by number. */
  readonly #sources: Map<number, BlobSource> = new Map()
  /** Files with bytes that may not be on the device. */
  readonly #unsynced: Set<BlobFile> = new Set()
  /** Files created, and how many of their directory entries are on the device. */
  #createdCount = 0
  #syncedCount = 0
  #nextNumber = 1
  #active: BlobFile | undefined = undefined
  /** Values that are being written as streams. */
  readonly #streams: BlobStreams
  /** Rewrites files under older data keys. A file that is rewritten is not the active one. */
  readonly renewal: BlobRenewal
  #closed = false

  private constructor(vfs: Vfs, directory: string, options: ResolvedBlobFilesOptions) {
    this.#vfs = vfs
    this.#directory = directory
    this.#options = options
    this.#streams = new BlobStreams(vfs, directory, options.createCipher, {
      addStreamed: (number) => {
        this.#createdCount++
        this.#addSource(number, `${directory}/${blobFileName(number)}`)
      },
      dropStreamed: (number) => this.#drop(number),
    })
    const [open, replace] = [this.#open.bind(this), this.#replace.bind(this)]
    this.renewal = new BlobRenewal(vfs, directory, {
      open,
      replace,
      isWriting: () => this.#streams.isWriting,
    })
  }

  /** Finds the blob files of a directory, opens none. @throws {@link LdbError} LDB_NOT_FOUND without it; LDB_INVALID_ARGUMENT, LDB_IO. */
  static open(vfs: Vfs, directory: string, options?: BlobFilesOptions): BlobFiles {
    const files = new BlobFiles(vfs, directory, resolveBlobFilesOptions(options))
    for (const name of vfs.list(directory)) {
      const number = blobFileNumber(name)
      if (number === undefined) continue
      files.#addSource(number, `${directory}/${name}`)
      files.#nextNumber = Math.max(files.#nextNumber, number + 1)
    }
    return files
  }

  get fileCount(): number {
    return this.#sources.size
  }

  /** True when every appended value is on the device. */
  get isSynced(): boolean {
    return this.#unsynced.size === 0 && this.#syncedCount === this.#createdCount
  }

  /** Number of the active file; 0 when the next blob goes to a new one. */
  get activeNumber(): number {
    return this.#active?.number ?? 0
  }

  /** Removes the copies and streamed values that an earlier process has not completed. */
  removeUnfinished(): void {
    removeUnfinished(this.#vfs, this.#directory)
  }

  /** The existing files, by ascending number. */
  files(): BlobFileInfo[] {
    const infos = [...this.#sources.values()].map(({ number, fileBytes }) => ({ number, fileBytes }))
    return infos.sort((left, right) => left.number - right.number)
  }

  /**
   * Appends a value to the active file.
   * @param key - stored beside the value, so that a collector finds the entry that the value belongs to.
   * @param compressor - compresses the value, where that saves an eighth and the value has at most 1 MiB.
   * @returns the encoded reference.
   * @throws {@link LdbError} LDB_NO_SPACE, LDB_IO, LDB_TOO_LARGE when the numbers are used up: nothing was appended.
   */
  append(
    key: Uint8Array,
    value: Uint8Array,
    keyStart: number = 0,
    keyEnd: number = key.length,
    start: number = 0,
    end: number = value.length,
    compressor?: UnitCompressor,
  ): Uint8Array {
    const stored = encodeValue(value, start, end, compressor)
    const active = this.#active
    const isFull = active?.isFullFor(keyEnd - keyStart, stored.end - stored.start, this.#endBytes) ?? true
    const file = active === undefined || isFull ? this.#create() : active
    this.#active = file
    const reference = file.append(key, keyStart, keyEnd, stored)
    this.#unsynced.add(file)
    file.writeCount++
    return encodeReference(reference)
  }

  /** Begins a value of unknown length in a file of its own, which gets its name when the value is complete. */
  beginStream(key: Uint8Array): BlobStreamWriter {
    const { number, fileId } = this.#next()
    this.#nextNumber = number + 1
    return this.#streams.begin(number, fileId, key)
  }

  /** Reports whether a file is pinned: its value was written as a stream, and its reference is not committed yet. */
  isPinned(number: number): boolean {
    return this.#streams.isPinned(number)
  }

  /** Unpins the file of a stream, when its reference was committed or abandoned. */
  unpin(number: number): void {
    this.#streams.unpin(number)
  }

  /** Ends the active file: the next blob goes to a new one. */
  rotate(): void {
    this.#active = undefined
  }

  /**
   * Reads and checks the value that the reference at `start` of `bytes` names. The caller owns the result.
   * @param headroom - bytes in front of the value in the result, which the caller fills.
   * @throws {@link LdbError} LDB_CORRUPTION when there is no such value; LDB_UNSUPPORTED for an unknown codec; LDB_FORMAT, LDB_IO, LDB_CLOSED.
   */
  read(bytes: Uint8Array, start: number = 0, headroom: number = 0): Uint8Array {
    const reference = this.decode(bytes, start)
    return this.#open(reference.fileNumber).read(reference, this.#options.codecs, headroom)
  }

  /** Reads and checks the value that a reference names, as it is stored: its codec need not be known. @throws {@link LdbError} as `read`. */
  check(bytes: Uint8Array, start: number = 0): void {
    const reference = this.decode(bytes, start)
    this.#open(reference.fileNumber).readStored(reference)
  }

  /** Reads the chunk table of a value, for {@link BlobFiles.readChunk}. */
  readChunkTable(reference: BlobReference): Uint8Array {
    return this.#open(reference.fileNumber).readChunkTable(reference)
  }

  /** Reads and checks one chunk of a value: 1 MiB, or the rest. An encoded value is one chunk. */
  readChunk(reference: BlobReference, table: Uint8Array, index: number): Uint8Array {
    return this.#open(reference.fileNumber).readChunk(reference, table, index, this.#options.codecs)
  }

  /** Reports whether no record can be at or behind an offset. */
  isAtEnd(number: number, offset: number): boolean {
    return this.#open(number).isAtEnd(offset)
  }

  /** Decodes a reference. @throws {@link LdbError} LDB_CORRUPTION when the bytes are none. */
  decode(bytes: Uint8Array, start: number = 0): BlobReference {
    const reference = decodeReference(bytes, start)
    if (reference === undefined) throw corruption(this.#directory, 0, 'a blob reference is malformed')
    return reference
  }

  /**
   * Reads the record at `offset` of a file, from `FIRST_RECORD_OFFSET` on; in a compacted file, the first one at or behind it. Returns
   * `undefined` behind the last complete record.
   */
  readRecord(fileNumber: number, offset: number): BlobRecord | undefined {
    const file = this.#open(fileNumber)
    const record = file.readRecord(offset)
    if (record === undefined) return undefined
    const { header, key } = record
    const nextOffset = header.offset + file.recordBytesOf(header.keyBytes, header.valueBytes)
    return {
      key,
      reference: encodeReference(file.referenceTo(header)),
      offset: header.offset,
      nextOffset,
    }
  }

  /** Reads header and index of a file again, if it is open. @throws {@link LdbError} when they have changed; LDB_IO. */
  checkFront(number: number): void {
    this.#sources.get(number)?.opened?.checkFront()
  }

  /** Bytes of the index of a compacted file; 0 for any other. */
  indexBytesOf(number: number): number {
    return this.#open(number).indexBytes
  }

  /** (V4) Makes every appended value durable. @throws {@link LdbError} LDB_IO, and the failure of an earlier sync. */
  sync(): void {
    for (const file of this.#unsynced) {
      file.fileSync.sync()
      this.#unsynced.delete(file)
    }
    if (this.#syncedCount === this.#createdCount) return
    this.#vfs.syncDirectory(this.#directory)
    this.#syncedCount = this.#createdCount
  }

  /** As `sync`, off the thread, for the values that were appended before the call. */
  async syncAsync(): Promise<void> {
    const files = [...this.#unsynced].map((file) => ({ file, writeCount: file.writeCount }))
    const createdCount = this.#createdCount
    await Promise.all(files.map(({ file }) => file.fileSync.syncAsync()))
    if (this.#syncedCount < createdCount) {
      await new DirectorySync(this.#vfs, this.#directory).syncAsync()
      this.#syncedCount = Math.max(this.#syncedCount, createdCount)
    }
    for (const { file, writeCount } of files) {
      if (file.writeCount === writeCount) this.#unsynced.delete(file)
    }
  }

  /**
   * Replaces a file by a copy that has only some of its records. References to others are `LDB_CORRUPTION` from then on. A crash leaves the
   * file as before or compacted.
   * @param kept - by ascending offset. Without any, only the header stays; a file that was not compacted before is then truncated.
   */
  beginCompaction(number: number, kept: readonly KeptRecord[], timeSlice: Syncable): ResumableTask {
    const newPath = `${this.#directory}/${newBlobFileName(number)}`
    const source = this.#open(number)
    if (kept.length === 0 && source.index === undefined)
      return new ResumableTask(truncationSteps(this.#vfs, source))
    const copy = { source, kept, newPath }
    const replace = (): void => this.#replace(number, newPath)
    return new ResumableTask(compactionSteps(this.#vfs, copy, this.#directory, timeSlice, replace))
  }

  /**
   * Writes the records of references again, in place, and syncs them with the directory: an earlier process may have failed to sync them, so
   * that the operating system holds them in its cache only. The bytes do not change.
   */
  persist(references: readonly BlobReference[]): void {
    for (const [number, named] of byFileNumber(references))
      rewriteRecords(this.#vfs, this.#open(number), named)
    if (references.length > 0) this.#vfs.syncDirectory(this.#directory)
  }

  /** Reports whether a file may be removed without that its number is used again (V2). */
  isRemovable(number: number): boolean {
    let greatest = 0
    for (const each of this.#sources.keys()) greatest = Math.max(greatest, each)
    return this.#sources.has(number) && number < greatest && this.#syncedCount === this.#createdCount
  }

  /** Returns what removes a file to which no reference is left, when it is synced. */
  beginRemoval(number: number): Syncable {
    assert(this.isRemovable(number), 'the newest blob file is not removed')
    assert(number !== this.#active?.number, 'the active blob file is not removed')
    return new FileRemoval(this.#vfs, this.#drop(number))
  }

  /** Aborts all streams, and closes all files. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#streams.abortAll()
    for (const source of this.#sources.values()) source.close()
  }

  #replace(number: number, newPath: string): void {
    assert(number !== this.#active?.number, 'the active blob file is not replaced')
    const path = this.#drop(number)
    this.#addSource(number, path)
    this.#vfs.rename(newPath, path)
  }

  #drop(number: number): string {
    const source = this.#source(number)
    if (source.opened !== undefined) this.#unsynced.delete(source.opened)
    source.close()
    this.#sources.delete(number)
    return source.path
  }

  #addSource(number: number, path: string, file?: BlobFile): void {
    this.#sources.set(number, new BlobSource(this.#vfs, path, number, this.#options.createCipher, file))
  }

  #open(number: number): BlobFile {
    return this.#source(number).open()
  }

  #source(number: number): BlobSource {
    const source = this.#sources.get(number)
    if (source !== undefined) return source
    throw corruption(`${this.#directory}/${blobFileName(number)}`, 0, 'a blob file is missing')
  }

  /** Returns the number and the id of the next file. */
  #next(): { readonly number: number; readonly fileId: Uint8Array } {
    const number = this.#nextNumber
    assert(number <= FILE_NUMBER_MAX, 'the numbers of blob files are used up')
    return { number, fileId: this.#vfs.random.fill(new Uint8Array(FILE_ID_BYTES)) }
  }

  /** Creates the next file for values. */
  #create(): BlobFile {
    this.#endBytes = fileEndBytes(this.#options)
    const { number, fileId } = this.#next()
    const path = `${this.#directory}/${blobFileName(number)}`
    let file: BlobFile
    try {
      file = BlobFile.create(this.#vfs, path, number, fileId, this.#options.createCipher?.(fileId))
    } catch (error) {
      // The file may exist: its number is not used again.
      if (isLdbError(error) && this.#vfs.status(path) !== undefined) this.#nextNumber = number + 1
      throw error
    }
    this.#nextNumber = number + 1
    this.#createdCount++
    this.#addSource(number, path, file)
    return file
  }
}

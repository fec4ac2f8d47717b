import {
  copyBytesInto,
  corruption,
  isLdbError,
  KEY_BYTES_MAX,
  readU32,
  writeU32,
  ownProperty,
} from '@ldb/base'
import type { Syncable } from '@ldb/base'
import { BlobFiles } from '@ldb/blob'
import type { BlobFilesOptions, BlobReference, BlobStreamWriter } from '@ldb/blob'
import { UNIT_TRAILER_BYTES, UnitCompressor } from '@ldb/integrity'
import type { CodecTable, CompressionCodec } from '@ldb/integrity'
import { directoryOf } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import type { StoredCompression } from '../catalog/catalog.js'
import { blobsPath } from '../catalog/directory-layout.js'
import { Liveness } from './liveness.js'
import { OpenPins } from './open-pins.js'
import { REFERRING_VALUE_BYTES } from './value-header.js'

/** Bytes of the number of a keyspace, in front of the key in a blob record. */
const KEYSPACE_ID_BYTES = 4
/** Longest key whose value may be in a blob file. */
export const BLOB_KEY_BYTES_MAX: number = KEY_BYTES_MAX - KEYSPACE_ID_BYTES

/** Statistics of large values. @category Statistics */
export interface BlobStats {
  /** Number of blob files. */
  readonly fileCount: number
  /** Bytes of these files. */
  readonly fileBytes: number
  /** Bytes of the values that present entries have; where they are not known yet, those of the whole file. */
  readonly liveBytes: number
  /** Bytes that the collector has returned to the device since the database was opened. */
  readonly collectedBytes: number
}

/** The key of a blob record. */
export interface BlobKey {
  readonly keyspaceId: number
  readonly key: Uint8Array
}

/** Returns the keyspace and the key of a blob record; `undefined` when the bytes are none. */
export function decodeBlobKey(bytes: Uint8Array): BlobKey | undefined {
  if (bytes.length < KEYSPACE_ID_BYTES) return undefined
  return { keyspaceId: readU32(bytes, 0), key: bytes.subarray(KEYSPACE_ID_BYTES) }
}

/**
 * The large values of a database, in the blob files beside its stores.
 *
 * @remarks (V5) A value is written once, before the commit that names it is logged, and is on the device before the log counts that commit as
 * synced. (V6) A value is removed when no present entry, no durable checkpoint, no record of the log and no open pin can name it.
 */
export class BlobValues implements Syncable {
  /** What is known of the live bytes of each file. */
  readonly liveness: Liveness
  /** Open pins of states of keyspaces with values in blob files. */
  readonly pins: OpenPins = new OpenPins()
  /** Bytes that were returned to the device since the database was opened. */
  collectedBytes = 0
  /** Bytes of the trailer of a unit in the files; 0 when they are not encrypted. */
  readonly trailerBytes: number
  /** Directory of the blob files. */
  readonly directory: string
  readonly #vfs: Vfs
  readonly #options: BlobFilesOptions
  readonly #codecs: CodecTable
  readonly #compressors: Map<CompressionCodec, UnitCompressor> = new Map()
  #files: BlobFiles | undefined
  #holdCount = 0
  #key: Uint8Array = new Uint8Array(512)
  /** A stored value that refers to a blob, overwritten by each append. */
  readonly referring: Uint8Array = new Uint8Array(REFERRING_VALUE_BYTES)

  /**
   * @param directory - of the database.
   * @param options - of the files.
   */
  constructor(vfs: Vfs, directory: string, options: BlobFilesOptions & { readonly codecs: CodecTable }) {
    this.#vfs = vfs
    this.directory = blobsPath(directory)
    this.#options = options
    this.trailerBytes = ownProperty(options, 'createCipher') === undefined ? 0 : UNIT_TRAILER_BYTES
    this.liveness = new Liveness(this.trailerBytes)
    this.#codecs = options.codecs
    this.#files = vfs.status(this.directory)?.kind === 'directory' ? this.#open() : undefined
    for (const { number } of this.#files?.files() ?? []) this.liveness.addFound(number)
  }

  /** True while a copy of the blob files is made: none is replaced, truncated or removed. */
  get isHeld(): boolean {
    return this.#holdCount > 0
  }

  /** Number of copies that are made. */
  get holdCount(): number {
    return this.#holdCount
  }

  /** Keeps all blob files as they are, except for appended values, until the returned function is called. */
  hold(): () => void {
    this.#holdCount++
    return () => {
      this.#holdCount--
    }
  }

  /** The blob files; `undefined` while there are none. */
  get files(): BlobFiles | undefined {
    return this.#files
  }

  /**
   * Appends the value `value[start, end)` of the key `key[keyStart, keyEnd)`, compressed where it is worth it. The caller notes that something
   * will name it, before anything else runs: see {@link BlobValues.activeNumber}.
   *
   * @returns the encoded reference.
   * @throws {@link LdbError} LDB_NO_SPACE, LDB_IO: nothing was appended.
   */
  append(
    keyspaceId: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    start: number,
    end: number,
    compression: StoredCompression,
  ): Uint8Array {
    const keyBytes = KEYSPACE_ID_BYTES + keyEnd - keyStart
    if (keyBytes > this.#key.length) this.#key = new Uint8Array(2 * keyBytes)
    writeU32(this.#key, 0, keyspaceId)
    copyBytesInto(this.#key, KEYSPACE_ID_BYTES, key, keyStart, keyEnd)
    const files = (this.#files ??= this.#create())
    return files.append(this.#key, value, 0, keyBytes, start, end, this.#compressorOf(compression))
  }

  /** Number of the file with the newest appended value. */
  get activeNumber(): number {
    return this.#opened().activeNumber
  }

  /** Returns what compresses the values of keyspaces with a compression. */
  #compressorOf(compression: StoredCompression): UnitCompressor | undefined {
    if (compression === 'none') return undefined
    const codec = this.#codecs.ofOption(compression)
    let compressor = this.#compressors.get(codec)
    if (compressor === undefined) {
      compressor = new UnitCompressor(codec)
      this.#compressors.set(codec, compressor)
    }
    return compressor
  }

  /** Begins to write the value of a key as a stream. */
  beginStream(keyspaceId: number, key: Uint8Array): BlobStreamWriter {
    const bytes = new Uint8Array(KEYSPACE_ID_BYTES + key.length)
    writeU32(bytes, 0, keyspaceId)
    bytes.set(key, KEYSPACE_ID_BYTES)
    return (this.#files ??= this.#create()).beginStream(bytes)
  }

  /** Notes that the commit `seq`, which is logged next, names the value of a stream. */
  noteStreamed(fileNumber: number, seq: number): void {
    this.liveness.noteAppended(fileNumber, seq)
    this.#files?.unpin(fileNumber)
  }

  /** Decodes a reference. @throws {@link LdbError} LDB_CORRUPTION. */
  decode(bytes: Uint8Array, start: number): BlobReference {
    return this.#opened().decode(bytes, start)
  }

  /** Reads and checks the chunk table of a value. @throws {@link LdbError} as `read`. */
  readChunkTable(reference: BlobReference): Uint8Array {
    return this.#opened().readChunkTable(reference)
  }

  /** Reads and checks a chunk of a value: 1 MiB, or the rest. The caller owns it. @throws {@link LdbError} as `read`. */
  readChunk(reference: BlobReference, table: Uint8Array, index: number): Uint8Array {
    return this.#opened().readChunk(reference, table, index)
  }

  /** Reads the value that the reference at `start` of `bytes` names. The caller owns it. @throws {@link LdbError} LDB_CORRUPTION, LDB_IO. */
  read(bytes: Uint8Array, start: number): Uint8Array {
    return this.#opened().read(bytes, start)
  }

  #opened(): BlobFiles {
    if (this.#files === undefined) throw corruption(this.directory, 0, 'the blob files are missing')
    return this.#files
  }

  /** True when every appended value is on the device. */
  get isSynced(): boolean {
    return this.#files === undefined || this.#files.isSynced
  }

  sync(): void {
    this.#files?.sync()
  }

  async syncAsync(): Promise<void> {
    await this.#files?.syncAsync()
  }

  /** Reads and checks the value that a reference names, as it is stored: its codec need not be known. Returns false when it is damaged. */
  isIntact(bytes: Uint8Array, start: number): boolean {
    try {
      this.#opened().check(bytes, start)
      return true
    } catch (error) {
      if (isLdbError(error, 'LDB_CORRUPTION')) return false
      throw error
    }
  }

  /** Writes the records of references again, in place, and syncs them. */
  persist(references: readonly BlobReference[]): void {
    if (references.length > 0) this.#files?.persist(references)
  }

  /** Bytes of the blob files. */
  get fileBytes(): number {
    let bytes = 0
    for (const file of this.#files?.files() ?? []) bytes += file.fileBytes
    return bytes
  }

  stats(): BlobStats {
    const files = this.#files?.files() ?? []
    let fileBytes = 0
    let liveBytes = 0
    for (const file of files) {
      fileBytes += file.fileBytes
      liveBytes += Math.min(file.fileBytes, this.liveness.liveBytesOf(file.number) ?? file.fileBytes)
    }
    return { fileCount: files.length, fileBytes, liveBytes, collectedBytes: this.collectedBytes }
  }

  close(): void {
    this.#files?.close()
  }

  #open(): BlobFiles {
    return BlobFiles.open(this.#vfs, this.directory, this.#options)
  }

  /** Creates the directory. Its entry is durable before a reference can name a file in it. */
  #create(): BlobFiles {
    this.#vfs.makeDirectory(this.directory)
    this.#vfs.syncDirectory(directoryOf(this.directory))
    return this.#open()
  }
}

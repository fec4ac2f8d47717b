import { equalBytes, isLdbError } from '@ldb/base'
import { FIRST_RECORD_OFFSET } from '@ldb/blob'
import type { BlobFileInfo, BlobFiles, BlobRecord, KeptRecord } from '@ldb/blob'
import { decodeBlobKey } from '../blob/blob-values.js'
import type { BlobKey, BlobValues } from '../blob/blob-values.js'
import { referenceAt, REFERRING_VALUE_BYTES } from '../blob/value-header.js'
import type { KeyspaceTable } from '../keyspace/table.js'

/** Records that a time slice examines: each costs a read of its header and a lookup of its key. */
const EXAMINED_MAX = 64

/**
 * A count of the live records of one blob file to which nothing is appended any more, in time slices.
 *
 * @remarks A record is live when the present entry of its key has its reference. One that is found dead stays dead: a reference is
 * committed once. A record that dies after it was examined is kept.
 */
export class FileCount {
  readonly number: number
  /** The live records so far, by ascending offset. */
  readonly kept: KeptRecord[] = []
  readonly #blobs: BlobValues
  readonly #files: BlobFiles
  readonly #keyspaces: KeyspaceTable
  #offset: number = FIRST_RECORD_OFFSET
  #keptBytes = 0
  readonly #fileBytes: number
  #isWhole = true

  /** @param fileBytes - length of the file. */
  constructor(
    { number, fileBytes }: BlobFileInfo,
    blobs: BlobValues,
    files: BlobFiles,
    keyspaces: KeyspaceTable,
  ) {
    this.number = number
    this.#fileBytes = fileBytes
    this.#blobs = blobs
    this.#files = files
    this.#keyspaces = keyspaces
    blobs.liveness.beginCount(number)
  }

  /** Examines the next records. Returns false when there are none left. @throws {@link LdbError} LDB_IO, LDB_CORRUPTION. */
  step(): boolean {
    for (let left = EXAMINED_MAX; left > 0; left--) {
      const record = this.#read()
      if (record === undefined) return false
      const recordBytes = record.nextOffset - record.offset
      const blobKey = decodeBlobKey(record.key)
      if (blobKey === undefined) {
        this.#isWhole = false
        return false
      }
      if (this.#isLive(blobKey, record.reference)) {
        this.kept.push({ offset: record.offset, recordBytes })
        this.#keptBytes += recordBytes
      }
      this.#offset = record.nextOffset
      this.#blobs.liveness.advanceCount(this.number, this.#offset)
    }
    return true
  }

  /**
   * True when every record was examined. Otherwise the file has no intact header, or a record has none, or no key of an entry: what follows may be live, so that the
   * file must stay as it is, and counts as live.
   */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** Ends the count. */
  end(): void {
    this.#blobs.liveness.endCount(this.number, this.#isWhole ? this.#keptBytes : this.#fileBytes)
  }

  /** Abandons the count. */
  abandon(): void {
    this.#blobs.liveness.abandonCount(this.number)
  }

  /** Reads the next record; `undefined` when there is none, or none that can be read. */
  #read(): BlobRecord | undefined {
    // A crash has lost its header, and nothing followed it.
    if (this.#fileBytes < FIRST_RECORD_OFFSET) return undefined
    try {
      const record = this.#files.readRecord(this.number, this.#offset)
      if (record === undefined) this.#isWhole = this.#files.isAtEnd(this.number, this.#offset)
      return record
    } catch (error) {
      if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
      this.#isWhole = false
      return undefined
    }
  }

  /** Reports whether the present entry of the key of a record has its reference. */
  #isLive({ keyspaceId, key }: BlobKey, reference: Uint8Array): boolean {
    const keyspace = this.#keyspaces.byId(keyspaceId)
    if (keyspace === undefined) return false
    const stored = keyspace.rawStore.getBorrowed(key)
    if (stored === undefined || stored.length !== REFERRING_VALUE_BYTES) return false
    const at = referenceAt(stored, 0, stored.length)
    return at >= 0 && equalBytes(stored.subarray(at), reference)
  }
}

import { BatchReader, INVARIANTS, OperationKind } from '@ldb/base'
import type { KeyspaceSection, WriteBatch } from '@ldb/base'
import type { KeyspaceDescriptor } from '../catalog/catalog.js'
import { VALUE_HEADER_BYTES } from '../format.js'
import { BLOB_KEY_BYTES_MAX } from './blob-values.js'
import { decodedBytesOf, decodeReference } from '@ldb/blob'
import type { BlobStreamWriter } from '@ldb/blob'
import type { BlobValues } from './blob-values.js'
import { beginsWithHeader, encodeReferring, referenceAt } from './value-header.js'

/**
 * A commit that alone waits for the device, with fewer bytes of large values, writes them to the log: the sync of a second file takes longer
 * than the second write. Always reached where invariants are checked.
 */
const SYNCED_BYTES_MIN = INVARIANTS ? 0 : 131_072

/** The keyspaces whose values go to blob files. */
interface BlobKeyspaces {
  require(id: number): {
    readonly descriptor: Pick<KeyspaceDescriptor, 'compression'>
    /** Called before a value of the keyspace goes to a blob file: the catalog must say so. */
    ensureBlobs(): void
  }
}

/** Writes the large values of commits to blob files. */
export class ValueWriter {
  readonly blobs: BlobValues
  /** A longer value goes to a blob file. */
  readonly blobBytes: number
  /** Bytes of the large values that the batch of the last `write` names. */
  largeBytes = 0
  readonly #keyspaces: BlobKeyspaces
  readonly #reader: BatchReader = new BatchReader()

  /**
   * @param blobBytes - a longer value goes to a blob file.
   * @param keyspaces - those of the database.
   */
  constructor(blobs: BlobValues, blobBytes: number, keyspaces: BlobKeyspaces) {
    this.blobs = blobs
    this.blobBytes = blobBytes
    this.#keyspaces = keyspaces
  }

  /**
   * Prepares a batch for the write of its large values. Returns false when it has none, or too few bytes of them.
   *
   * @param isSynced - its commit waits for syncs of the device that no other commit shares.
   * @throws {@link LdbError} what the change of the catalog throws: nothing was written.
   */
  prepare(batch: WriteBatch, isSynced: boolean): boolean {
    if (batch.valueBytesMax <= this.blobBytes) return false
    const keyspaceIds: number[] = []
    let byteCount = 0
    for (const section of batch.sections()) {
      const largeBytes = this.#largeBytesOf(section)
      if (largeBytes > 0) keyspaceIds.push(section.keyspaceId)
      byteCount += largeBytes
    }
    if (byteCount === 0 || (isSynced && byteCount < SYNCED_BYTES_MIN)) return false
    for (const keyspaceId of keyspaceIds) this.#keyspaces.require(keyspaceId).ensureBlobs()
    return true
  }

  /** Begins to write the value of a key as a stream; see `BlobKeyspaces`. */
  beginStream(keyspaceId: number, key: Uint8Array): BlobStreamWriter {
    this.#keyspaces.require(keyspaceId).ensureBlobs()
    return this.blobs.beginStream(keyspaceId, key)
  }

  /**
   * Writes the large values of a batch to blob files. It may already refer to others, by {@link ValueWriter.writeHeld}.
   *
   * @param seq - number of the commit.
   * @param target - an empty batch, which receives the operations, with references to these values.
   * @throws {@link LdbError} LDB_NO_SPACE, LDB_IO.
   */
  write(batch: WriteBatch, seq: number, target: WriteBatch): void {
    this.largeBytes = 0
    for (const section of batch.sections()) this.#writeSection(section, seq, target)
    this.#reader.release()
  }

  /**
   * Writes a large value that no commit names yet, and holds its file.
   *
   * @param keyBytes - length of the key, which is a prefix of `key`.
   * @param held - the files that the caller holds, to which this one is added.
   * @returns the value to commit instead, overwritten by the next call.
   * @throws {@link LdbError} LDB_NO_SPACE, LDB_IO.
   */
  writeHeld(
    keyspaceId: number,
    key: Uint8Array,
    keyBytes: number,
    stored: Uint8Array,
    held: Set<number>,
  ): Uint8Array {
    const { blobs } = this
    const keyspace = this.#keyspaces.require(keyspaceId)
    keyspace.ensureBlobs()
    const { compression } = keyspace.descriptor
    const start = beginsWithHeader(stored, 0, stored.length) ? VALUE_HEADER_BYTES : 0
    const reference = blobs.append(keyspaceId, key, 0, keyBytes, stored, start, stored.length, compression)
    const { activeNumber } = blobs
    if (!held.has(activeNumber)) blobs.liveness.hold(activeNumber)
    held.add(activeNumber)
    encodeReferring(blobs.referring, stored, 0, stored.length, reference)
    return blobs.referring
  }

  #largeBytesOf(section: KeyspaceSection): number {
    const reader = this.#reader
    let byteCount = 0
    reader.reset(section)
    while (reader.next()) if (this.#isLarge()) byteCount += reader.valueEnd - reader.valueStart
    reader.release()
    return byteCount
  }

  #writeSection(section: KeyspaceSection, seq: number, target: WriteBatch): void {
    const reader = this.#reader
    const { keyspaceId } = section
    const { compression } = this.#keyspaces.require(keyspaceId).descriptor
    reader.reset(section)
    while (reader.next()) {
      const { kind, bytes, keyStart, keyEnd, valueStart, valueEnd } = reader
      const key = bytes.subarray(keyStart, keyEnd)
      if (kind === OperationKind.Put && this.#isLarge()) {
        const hasHeader = beginsWithHeader(bytes, valueStart, valueEnd)
        const start = hasHeader ? valueStart + VALUE_HEADER_BYTES : valueStart
        const { blobs } = this
        const { referring } = blobs
        const reference = blobs.append(
          keyspaceId,
          bytes,
          keyStart,
          keyEnd,
          bytes,
          start,
          valueEnd,
          compression,
        )
        blobs.liveness.noteAppended(blobs.activeNumber, seq)
        encodeReferring(referring, bytes, valueStart, valueEnd, reference)
        target.put(keyspaceId, key, referring)
        this.largeBytes += valueEnd - start
      } else if (kind === OperationKind.Put) {
        const at = referenceAt(bytes, valueStart, valueEnd)
        const named = at < 0 ? undefined : decodeReference(bytes, at)
        if (named !== undefined) this.largeBytes += decodedBytesOf(named)
        target.put(keyspaceId, key, bytes.subarray(valueStart, valueEnd))
      } else if (kind === OperationKind.Delete) target.delete(keyspaceId, key)
      else if (kind === OperationKind.Expire) target.expire(keyspaceId, key)
      else {
        const upper = kind === OperationKind.DeleteRange ? bytes.subarray(valueStart, valueEnd) : undefined
        target.deleteRange(keyspaceId, key.length === 0 ? undefined : key, upper)
      }
    }
  }

  /** Reports whether the current operation is a put whose value goes to a blob file. */
  #isLarge(): boolean {
    const { kind, bytes, keyStart, keyEnd, valueStart, valueEnd } = this.#reader
    if (kind !== OperationKind.Put || valueEnd - valueStart <= this.blobBytes) return false
    const headerBytes = beginsWithHeader(bytes, valueStart, valueEnd) ? VALUE_HEADER_BYTES : 0
    return valueEnd - valueStart - headerBytes > this.blobBytes && keyEnd - keyStart <= BLOB_KEY_BYTES_MAX
  }
}

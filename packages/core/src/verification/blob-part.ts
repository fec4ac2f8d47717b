import { compareBytes, equalBytes, isLdbError, optionalMember } from '@ldb/base'
import type { StoreCursor, StoreSnapshot, VerifySeverity, VerifySink, VerifySteps } from '@ldb/base'
import {
  CHUNK_BYTES,
  decodeReference,
  encodeReference,
  referencedBytes,
  verifyBlobFileSteps,
} from '@ldb/blob'
import type { BlobFiles, BlobReference } from '@ldb/blob'
import { decodeBlobKey } from '../blob/blob-values.js'
import { referenceAt, REFERRING_VALUE_BYTES } from '../blob/value-header.js'
import type { KeyspaceStore, StorePin } from '../keyspace/store.js'
import type { OpenDatabase } from '../open/open-database.js'
import { isDamage } from './damage.js'
import type { DamagedKeys, ReportingSink } from './reporting-sink.js'

/** Bytes in front of the key in a blob record. */
const RECORD_HEADER_BYTES = 40
/** Entries of a step. */
const STEP_ENTRIES = 256

/**
 * Verifies the blob files: counts their records, and reads the value and the record that each present entry names.
 *
 * @param partOf - returns the part of the report with the findings of a keyspace: the walk goes on behind keys that they say are damaged.
 */
export function* verifyBlobs(
  { blobs, keyspaces }: OpenDatabase,
  sink: ReportingSink,
  partOf: (keyspace: KeyspaceStore) => string,
): VerifySteps {
  const files = blobs?.files
  if (blobs === undefined || files === undefined) return
  const pins: StorePin[] = []
  try {
    // The files contain what these states name: the list of the files is made in the same step.
    for (const keyspace of keyspaces) if (keyspace.hasBlobs) pinOf(keyspace, pins)
    const totals = yield* verifyBlobFileSteps(files, blobs.directory, sink)
    const walk = new ValueWalk(files, blobs.directory, blobs.trailerBytes, sink)
    for (const { keyspace, view } of pins) {
      yield* walk.run(keyspace.descriptor.id, view, sink.damagedKeysOf(partOf(keyspace)))
    }
    // The padding of a last record may be missing.
    const liveBytes = Math.min(walk.liveBytes, totals.bytes)
    const amounts = [
      { kind: 'blob-live' as const, count: walk.liveCount, bytes: liveBytes },
      { kind: 'blob-dead' as const, count: totals.count - walk.liveCount, bytes: totals.bytes - liveBytes },
    ]
    sink.progress({ units: 0, entries: 0, bytes: 0, amounts })
  } finally {
    for (const pin of pins) pin.release()
  }
}

/** Pins the present state of a keyspace. The error of a store that cannot be opened is a finding of its part. */
function pinOf(keyspace: KeyspaceStore, pins: StorePin[]): void {
  try {
    // Deferred commits are applied first.
    void keyspace.rawStore
    pins.push(keyspace.pinRaw())
  } catch (error) {
    if (!isDamage(error)) throw error
  }
}

/** Reads and checks every value in a blob file that an entry names. */
class ValueWalk {
  liveCount = 0
  liveBytes = 0
  readonly #files: BlobFiles
  readonly #directory: string
  readonly #trailerBytes: number
  readonly #sink: VerifySink

  /** @param trailerBytes - of a unit of an encrypted file. */
  constructor(files: BlobFiles, directory: string, trailerBytes: number, sink: VerifySink) {
    this.#files = files
    this.#directory = directory
    this.#trailerBytes = trailerBytes
    this.#sink = sink
  }

  /** Walks over the entries of a keyspace, and passes over keys that cannot be read. */
  *run(keyspaceId: number, view: StoreSnapshot, damagedKeys: readonly DamagedKeys[]): VerifySteps {
    let lower: Uint8Array | undefined
    for (;;) {
      const reached = yield* this.#runFrom(keyspaceId, view, lower)
      if (reached === undefined) return
      lower = endOfDamage(damagedKeys, reached, lower)
      if (lower === undefined) return
    }
  }

  /** @returns the last key before one that cannot be read; `undefined` when the walk has reached the end. */
  *#runFrom(
    keyspaceId: number,
    view: StoreSnapshot,
    lower: Uint8Array | undefined,
  ): Generator<void, Uint8Array | undefined> {
    let key = lower ?? new Uint8Array()
    let cursor: StoreCursor | undefined
    try {
      cursor = view.cursor({ lower })
      let count = 0
      for (let found = cursor.first(); found; found = cursor.next()) {
        const { value } = cursor
        count++
        if (count % STEP_ENTRIES === 0) {
          key = cursor.key.slice()
          yield
        }
        const at = value.length === REFERRING_VALUE_BYTES ? referenceAt(value, 0, value.length) : -1
        if (at < 0) continue
        key = cursor.key.slice()
        yield* this.#verifyValue(keyspaceId, key, value.slice(at))
      }
      return undefined
    } catch (error) {
      // A damaged page or block is a finding of the verification of the store.
      if (!isDamage(error)) throw error
      return key
    } finally {
      cursor?.close()
    }
  }

  *#verifyValue(keyspaceId: number, key: Uint8Array, encoded: Uint8Array): VerifySteps {
    const reference = decodeReference(encoded)
    if (reference === undefined) {
      this.#report('structure', this.#directory, 0, 'a blob reference is malformed')
      return
    }
    this.liveCount++
    this.liveBytes += referencedBytes(reference, this.#trailerBytes)
    try {
      const table = this.#files.readChunkTable(reference)
      for (let index = 0; index === 0 || index * CHUNK_BYTES < reference.valueBytes; index++) {
        this.#files.readChunk(reference, table, index)
        yield
      }
      this.#verifyRecord(keyspaceId, key, reference)
    } catch (error) {
      // A codec of the application may not have been passed yet.
      const isUnknown = isLdbError(error, 'LDB_UNSUPPORTED')
      if (!isUnknown && !isDamage(error)) throw error
      const { file = this.#directory, offset = 0 } = error.details
      this.#report(isUnknown ? 'structure' : 'checksum', file, offset, error.message)
    }
    this.#sink.progress({ units: 1, entries: 0, bytes: reference.valueBytes })
  }

  /** Only the collector needs the header and the key; without them it keeps the space of the record. */
  #verifyRecord(keyspaceId: number, key: Uint8Array, reference: BlobReference): void {
    const { fileNumber, valueOffset, keyBytes } = reference
    const offset = valueOffset - keyBytes - this.#trailerBytes - RECORD_HEADER_BYTES
    const record = this.#files.readRecord(fileNumber, offset)
    const file = `${this.#directory}/${fileNumber}.blob`
    if (record?.offset !== offset || !equalBytes(record.reference, encodeReference(reference))) {
      this.#report('checksum', file, offset, 'the header of a blob record is damaged', 'warning')
      return
    }
    const owner = decodeBlobKey(record.key)
    const bytes = referencedBytes(reference, this.#trailerBytes)
    optionalMember(this.#sink, 'location')?.call(this.#sink, { kind: 'blob-live', file, offset, bytes })
    if (owner?.keyspaceId === keyspaceId && equalBytes(owner.key, key)) return
    const message = 'a blob record has another key than the entry that names it'
    this.#report('structure', file, offset, message, 'warning')
  }

  #report(
    kind: 'checksum' | 'structure',
    file: string,
    offset: number,
    message: string,
    severity: VerifySeverity = 'error',
  ): void {
    this.#sink.finding({ kind, file, offset, message, severity })
  }
}

/** Returns the least upper bound of damaged keys above a key; `undefined` when none is known, or it is not above the bound before. */
function endOfDamage(
  damagedKeys: readonly DamagedKeys[],
  key: Uint8Array,
  before: Uint8Array | undefined,
): Uint8Array | undefined {
  let least: Uint8Array | undefined
  for (const { upper } of damagedKeys) {
    if (upper === undefined || compareBytes(upper, key) <= 0) continue
    if (before !== undefined && compareBytes(upper, before) <= 0) continue
    if (least === undefined || compareBytes(upper, least) < 0) least = upper
  }
  return least
}

import { corruption, formatBytes } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import type { Wal } from '@ldb/wal'
import type { Catalog, CatalogVersion } from '../catalog/catalog.js'
import { catalogPath, logPath } from '../catalog/directory-layout.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import type { KeyspaceTable } from '../keyspace/table.js'
import { equalCheckpoints, NO_CHECKPOINT } from '../log/checkpoint-record.js'
import type { CheckpointRecord, StoreCheckpoint } from '../log/checkpoint-record.js'
import { CatalogHistory } from './catalog-history.js'
import type { RecoveredDatabase } from './recovered-database.js'

/** A store as it was found, before the log is replayed into it. */
interface FoundStore extends StoreCheckpoint {
  readonly keyspace: KeyspaceStore
  /** File of the checkpoint, for errors. */
  readonly file: string
}

/**
 * Checks that catalog, stores and log are files of one history, and that none of them is older than the log says (R3, R4, R8, R9).
 *
 * @remarks A copy of a database that is written to has a history of its own: its commits, checkpoints and catalogs have the same numbers as
 * those of the original and other contents. The log distinguishes them: the first write after an open begins a segment with a random id, and
 * each segment names its predecessor. A store and a catalog contain the id of the segment that was the newest when they were written.
 * They belong to the log if it contains that segment, and everything that they depend on is in that segment or before; or if the log
 * itself names them, which it does before it loses the segment.
 */
export class HistoryCheck {
  readonly #wal: Wal
  readonly #database: RecoveredDatabase
  readonly #catalog: CatalogHistory
  readonly #stores: ReadonlyMap<number, FoundStore>
  /** The newest checkpoint record so far. */
  #record: CheckpointRecord | undefined = undefined
  /** By commit: its position in the log, for the newest commits of the stores. */
  readonly #commitLsns = new Map<number, number | undefined>()

  constructor(wal: Wal, catalog: Catalog, keyspaces: KeyspaceTable, database: RecoveredDatabase) {
    this.#wal = wal
    this.#database = database
    this.#catalog = new CatalogHistory(catalog, catalogPath(database.directory))
    this.#stores = new Map(
      [...keyspaces].map((keyspace) => [
        keyspace.descriptor.id,
        { ...keyspace.checkpoint, keyspace, file: database.checkpointFileOf(keyspace.descriptor) },
      ]),
    )
    for (const { durableSeq } of this.#stores.values()) this.#commitLsns.set(durableSeq, undefined)
  }

  /** Greatest generation of a catalog that the log records so far; 0 for none. */
  get catalogGeneration(): number {
    return this.#catalog.recordedGeneration
  }

  /** Returns `durableSeq` of the store of a keyspace at open; 0 when there is none. */
  durableSeqOf(keyspaceId: number): number {
    return this.#stores.get(keyspaceId)?.durableSeq ?? 0
  }

  addCommit(seq: number, lsn: number): void {
    if (this.#commitLsns.has(seq)) this.#commitLsns.set(seq, lsn)
  }

  addCatalog(version: CatalogVersion): void {
    this.#catalog.add(version)
  }

  /** (R4) A store older than recorded has lost a durable checkpoint. */
  addCheckpoint(record: CheckpointRecord): void {
    this.#catalog.add(record.catalog)
    for (const [keyspaceId, { durableSeq: recorded }] of record.stores) {
      const store = this.#stores.get(keyspaceId)
      if (store === undefined) continue
      const { durableSeq, file } = store
      if (durableSeq < recorded) {
        // Files that are absent or incomplete were taken for those of a new store.
        const fault = durableSeq === 0 ? store.keyspace.fault() : undefined
        if (fault !== undefined) throw fault
        const message = `keyspace ${keyspaceId} has lost its newest checkpoint`
        throw corruption(file, 0, message, { actual: durableSeq, expected: recorded })
      }
    }
    this.#record = record
  }

  /** Checks the catalog against the whole log. */
  checkCatalog(): void {
    this.#catalog.check(this.#wal)
  }

  /**
   * Checks the stores against the whole log, and notes what it records of each. A store that it omits has no checkpoint yet.
   *
   * @param seq - number of the newest commit.
   */
  checkStores(seq: number): void {
    for (const [keyspaceId, store] of this.#stores) {
      const { durableSeq, file } = store
      if (durableSeq > seq) {
        const message = `the log ends before the newest commit of keyspace ${keyspaceId}, or the file belongs to another history`
        throw corruption(file, 0, message, { actual: seq, expected: durableSeq })
      }
      const recorded = this.#record?.stores.get(keyspaceId) ?? NO_CHECKPOINT
      store.keyspace.noteRecorded(recorded)
      if (!equalCheckpoints(store, recorded) && !this.#isInLog(store)) throw this.#foreign(store)
    }
  }

  /**
   * Reports whether the checkpoint of a store, which no record names, was made with this log: a crash prevented its record, or it is a
   * part of a later one. The newest commit of the store must not be one that was appended to a later segment of the log: that one is
   * another commit with the same number.
   */
  #isInLog({ durableSeq, segmentId }: FoundStore): boolean {
    const appendEnd = this.#wal.history.appendEndOf(segmentId)
    if (appendEnd === undefined) return false
    const lsn = this.#commitLsns.get(durableSeq)
    return lsn === undefined || lsn < appendEnd
  }

  #foreign({ file, segmentId }: FoundStore): LdbError {
    const log = logPath(this.#database.directory)
    const message = `the file belongs to another history of the database than its log ${log}`
    return corruption(file, 0, message, { actual: formatBytes(segmentId) })
  }
}

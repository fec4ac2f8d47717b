import { BatchReader, corruption, decodeBatch, toSeq } from '@ldb/base'
import type { BatchSection } from '@ldb/base'
import type { Wal, WalReader } from '@ldb/wal'
import { referencedValueBytes } from '../blob/referenced-values.js'
import type { Catalog } from '../catalog/catalog.js'
import { isChangeMissing } from '../catalog/keyspace-change.js'
import { decodeCatalogRecord } from '../log/catalog-record.js'
import { decodeCheckpointRecord } from '../log/checkpoint-record.js'
import type { CheckpointRecord } from '../log/checkpoint-record.js'
import { LargeBytes } from '../log/large-bytes.js'
import { logPath } from '../catalog/directory-layout.js'
import { HistoryCheck } from './history-check.js'
import type { RecoveredDatabase } from './recovered-database.js'
import { isBatchType, isCommitType, LogRecordType } from '../format.js'
import { KeyOrder } from './key-order.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import type { KeyspaceTable } from '../keyspace/table.js'
import { ReplayMemory } from './replay-memory.js'
import { ReplayBatch } from './replay-batch.js'

/** Allowance for partly filled chunks. */
const UNFILLED_BYTES = 33_554_432

/** Result of the replay of a log. */
export interface RecoveryResult {
  /** Number of the newest commit. */
  readonly seq: number
  /** Number of the newest commit before those in the log; `seq` when the log contains none. */
  readonly baseSeq: number
  /** Number of the newest commit in the newest checkpoint of the log; 0 without one. */
  readonly checkpointSeq: number
  /** Greatest catalog generation that the log records as durable; 0 for none. */
  readonly catalogGeneration: number
  /** Number of commits of which at least a part was replayed. */
  readonly replayedCount: number
  /** The large values that the commits of the log name. */
  readonly largeBytes: LargeBytes
}

/**
 * Replays the log: applies to each store the commits that are newer than its checkpoint (R2), and checks that log, catalog and stores
 * are consistent (R3, R4, R8, R9). Changes only the state in memory. Opens the stores that it changes; those that are open are between
 * `beginReplay` and `endReplay`.
 *
 * @param database - the free frames of its page cache are used to gather commits.
 * @param memoryBytes - memory for gathered commits.
 * @throws {@link LdbError} LDB_CORRUPTION when anything is missing or inconsistent.
 */
export function replayLog(
  wal: Wal,
  catalog: Catalog,
  keyspaces: KeyspaceTable,
  database: RecoveredDatabase,
  memoryBytes: number,
): RecoveryResult {
  const replay = new Replay(wal, catalog, keyspaces, database, memoryBytes)
  const reader = wal.read(wal.firstLsn)
  try {
    while (reader.next()) replay.add(reader)
  } finally {
    reader.close()
  }
  return replay.finish()
}

class Replay {
  readonly #wal: Wal
  /** Directory of the log, for errors; their offsets are log positions. */
  readonly #directory: string
  readonly #catalog: Catalog
  readonly #keyspaces: KeyspaceTable
  readonly #history: HistoryCheck
  #firstCommit: number | undefined = undefined
  #lastCommit: number | undefined = undefined
  /** Of the newest checkpoint record so far. */
  #checkpointSeq: number | undefined = undefined
  #replayedCount = 0
  readonly #largeBytes = new LargeBytes()
  readonly #reader = new BatchReader()
  readonly #memoryBytes: number
  /** Expected maximum of bytes of operations of a replay batch. */
  readonly #expectedBytes: number
  readonly #keyOrder = new KeyOrder()
  readonly #memory: ReplayMemory
  /** Bytes that all batches use in addition to chunks. */
  #additionalBytes = 0
  readonly #batches = new Map<KeyspaceStore, ReplayBatch>()

  constructor(
    wal: Wal,
    catalog: Catalog,
    keyspaces: KeyspaceTable,
    database: RecoveredDatabase,
    memoryBytes: number,
  ) {
    const logBytes = wal.endLsn - wal.firstLsn
    this.#wal = wal
    this.#directory = logPath(database.directory)
    this.#catalog = catalog
    this.#keyspaces = keyspaces
    this.#expectedBytes = Math.min(memoryBytes, logBytes)
    this.#memoryBytes = Math.min(memoryBytes, logBytes + UNFILLED_BYTES)
    this.#memory = new ReplayMemory(database.cache)
    this.#history = new HistoryCheck(wal, catalog, keyspaces, database)
  }

  add(reader: WalReader): void {
    if (isBatchType(reader.type)) this.#addCommit(reader)
    else if (isCommitType(reader.type)) this.#noteCommit(reader)
    else if (reader.type === LogRecordType.Checkpoint) this.#addCheckpoint(reader)
    else if (reader.type === LogRecordType.Catalog) this.#addCatalog(reader)
    else throw this.#fault(reader.lsn, 'the log contains a record of an unknown type', reader.type)
  }

  /** Applies the remaining commits, checks what requires the whole log, and returns the result. */
  finish(): RecoveryResult {
    this.#applyBatches()
    const { endLsn } = this.#wal
    const firstCommit = this.#firstCommit
    const checkpointSeq = this.#checkpointSeq ?? 0
    const seq = Math.max(this.#lastCommit ?? 0, checkpointSeq)
    if (this.#checkpointSeq === undefined && firstCommit !== 1) {
      throw this.#fault(endLsn, 'the beginning of the log is missing: it contains no checkpoint', seq)
    }
    // After an interrupted truncation, the log may begin after what its older checkpoints need: the newest one counts.
    if (firstCommit !== undefined && firstCommit > checkpointSeq + 1) {
      const message = 'a commit after the newest checkpoint is missing in the log'
      throw this.#fault(endLsn, message, firstCommit, checkpointSeq + 1)
    }
    this.#history.checkCatalog()
    if (seq < this.#catalog.seq && !isChangeMissing(this.#catalog, seq)) {
      const message = 'the log ends before the commit number of the catalog'
      throw this.#fault(endLsn, message, seq, this.#catalog.seq)
    }
    this.#history.checkStores(seq)
    for (const { descriptor, checkpoint } of this.#keyspaces) {
      const { durableSeq } = checkpoint
      if (durableSeq < this.#history.durableSeqOf(descriptor.id))
        throw this.#fault(endLsn, 'a store lost commits during replay', durableSeq)
    }
    for (const { openedStore } of this.#keyspaces) openedStore?.endReplay(toSeq(seq))
    const { catalogGeneration } = this.#history
    const baseSeq = firstCommit === undefined ? seq : firstCommit - 1
    const [replayedCount, largeBytes] = [this.#replayedCount, this.#largeBytes]
    return { seq, baseSeq, checkpointSeq, catalogGeneration, replayedCount, largeBytes }
  }

  /** Checks the number of a commit. A load, of which the log contains no entries, and a keyspace change are commits too. */
  #noteCommit({ seq, lsn }: WalReader): void {
    const last = this.#lastCommit
    if (last !== undefined && seq !== last + 1) {
      throw this.#fault(lsn, 'a commit is missing in the log', seq, last + 1)
    }
    this.#lastCommit = seq
    this.#firstCommit ??= seq
    this.#history.addCommit(seq, lsn)
  }

  #addCommit(reader: WalReader): void {
    const { seq, lsn } = reader
    this.#noteCommit(reader)
    let replayed = false
    let largeBytes = 0
    for (const section of decodeBatch(reader.payload, this.#directory, lsn)) {
      const keyspace = this.#keyspaces.byId(section.keyspaceId)
      if (keyspace === undefined) {
        // The keyspace was dropped later (K3), or never existed.
        if (section.keyspaceId > 0 && section.keyspaceId < this.#catalog.nextKeyspaceId) continue
        throw this.#fault(lsn, 'a commit writes to a keyspace that never existed', section.keyspaceId)
      }
      if (seq <= keyspace.descriptor.createdSeq) {
        throw this.#fault(lsn, 'a commit writes to a keyspace that was created later', section.keyspaceId)
      }
      if (reader.type === LogRecordType.BlobCommit && keyspace.hasBlobs)
        largeBytes += referencedValueBytes(section, this.#reader)
      if (seq <= this.#history.durableSeqOf(section.keyspaceId)) continue
      const batch = this.#batchOf(keyspace)
      if (!this.#fits(batch, section)) {
        this.#applyBatches()
        this.#memory.begin(this.#memoryBytes)
      }
      this.#additionalBytes -= batch.additionalBytes
      if (this.#fits(batch, section)) batch.add(section, seq)
      else batch.applyWhole(section, seq)
      this.#additionalBytes += batch.additionalBytes
      replayed = true
    }
    if (replayed) this.#replayedCount++
    if (largeBytes > 0) this.#largeBytes.add(lsn, largeBytes)
  }

  #batchOf(keyspace: KeyspaceStore): ReplayBatch {
    let batch = this.#batches.get(keyspace)
    if (batch === undefined) {
      batch = new ReplayBatch(keyspace.store, this.#keyOrder, this.#memory, this.#expectedBytes)
      this.#batches.set(keyspace, batch)
    }
    return batch
  }

  #applyBatches(): void {
    for (const batch of this.#batches.values()) batch.apply()
    this.#additionalBytes = 0
  }

  /** Reports whether a section can be gathered within the memory limit. */
  #fits(batch: ReplayBatch, section: BatchSection): boolean {
    const memory = this.#memory
    const chunkCount = batch.chunksFor(section)
    const byteCount = memory.allocatedBytes + chunkCount * memory.chunkBytes + this.#additionalBytes
    return chunkCount <= memory.freeCount && byteCount <= this.#memoryBytes
  }

  #addCheckpoint(reader: WalReader): void {
    const record = decodeCheckpointRecord(reader.payload, this.#directory)
    // Commits may have been logged while the checkpoint was written: its record may follow newer commits.
    const last = this.#lastCommit
    if (last !== undefined && record.seq > last) {
      throw this.#fault(reader.lsn, 'a checkpoint precedes its last commit', record.seq, last)
    }
    this.#history.addCheckpoint(record)
    this.#checkKeyspaces(record, reader.lsn)
    this.#checkpointSeq = record.seq
  }

  #addCatalog(reader: WalReader): void {
    this.#history.addCatalog(decodeCatalogRecord(reader.payload, this.#directory))
  }

  #checkKeyspaces(record: CheckpointRecord, lsn: number): void {
    for (const keyspaceId of record.stores.keys()) {
      if (keyspaceId > 0 && keyspaceId < this.#catalog.nextKeyspaceId) continue
      throw this.#fault(lsn, 'a checkpoint names a keyspace that never existed', keyspaceId)
    }
  }

  #fault(lsn: number, message: string, actual: number, expected?: number): Error {
    return corruption(this.#directory, lsn, message, {
      actual,
      ...(expected === undefined ? {} : { expected }),
    })
  }
}

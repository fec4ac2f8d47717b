import { corruption, decodeBatch, toSeq } from '@ldb/base'
import type { BatchSection } from '@ldb/base'
import type { PageCache } from '@ldb/cache'
import type { Wal, WalReader } from '@ldb/wal'
import type { Catalog } from '../catalog/catalog.js'
import { decodeCatalogRecord } from '../log/catalog-record.js'
import { decodeCheckpointRecord } from '../log/checkpoint-record.js'
import type { CheckpointRecord } from '../log/checkpoint-record.js'
import { LogRecordType } from '../format.js'
import { KeyOrder } from './key-order.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import type { KeyspaceTable } from '../keyspace/table.js'
import { ReplayMemory } from './replay-memory.js'
import { ReplayBatch } from './replay-batch.js'

/** Chunks are not filled to the last byte, and each part of the keys has one that is not full. */
const UNFILLED_BYTES = 33_554_432

/** What reading the log through came to. */
export interface RecoveryResult {
  /** Number of the newest commit. */
  readonly seq: number
  /** Number of the newest commit that the newest checkpoint in the log holds; 0 when there is none. */
  readonly checkpointSeq: number
  /** Generation of the newest catalog that the log knows to be durable; 0 for none. */
  readonly catalogGeneration: number
  /** Commits of which a part at least was applied again. */
  readonly replayedCount: number
}

/**
 * Applies to each store the commits that its checkpoint does not hold (R2), and checks that log, catalog and stores
 * belong together (R3, R4). Changes nothing but the state in memory.
 *
 * @param directory - of the log, for errors; offsets in them are positions in the log.
 * @param cache - of the stores; its idle frames are used to gather commits.
 * @param runBytes - memory for commits that are gathered before they are applied.
 * @throws {@link LdbError} LDB_CORRUPTION when anything is missing or does not fit.
 */
export function replayLog(
  wal: Wal,
  directory: string,
  catalog: Catalog,
  keyspaces: KeyspaceTable,
  cache: PageCache,
  runBytes: number,
): RecoveryResult {
  const replay = new Replay(directory, catalog, keyspaces, cache, runBytes, wal.endLsn - wal.firstLsn)
  const reader = wal.read(wal.firstLsn)
  try {
    while (reader.next()) replay.take(reader)
  } finally {
    reader.close()
  }
  return replay.finish(wal.endLsn)
}

class Replay {
  readonly #directory: string
  readonly #catalog: Catalog
  readonly #keyspaces: KeyspaceTable
  /** `durableSeq` of each store as it was found: what older commits than that are in it. */
  readonly #durableSeqs: ReadonlyMap<number, number>
  #firstCommit: number | undefined = undefined
  #lastCommit: number | undefined = undefined
  /** Of the newest checkpoint that was met. */
  #checkpointSeq: number | undefined = undefined
  #catalogGeneration = 0
  #replayedCount = 0
  readonly #runBytes: number
  /** Bytes of operations that a run has at most. */
  readonly #expectedBytes: number
  readonly #keyOrder = new KeyOrder()
  readonly #memory: ReplayMemory
  /** Memory that all runs take besides that. */
  #besideBytes = 0
  readonly #runs = new Map<KeyspaceStore, ReplayBatch>()

  constructor(
    directory: string,
    catalog: Catalog,
    keyspaces: KeyspaceTable,
    cache: PageCache,
    runBytes: number,
    logBytes: number,
  ) {
    this.#directory = directory
    this.#catalog = catalog
    this.#keyspaces = keyspaces
    this.#expectedBytes = Math.min(runBytes, logBytes)
    this.#runBytes = Math.min(runBytes, logBytes + UNFILLED_BYTES)
    this.#memory = new ReplayMemory(cache)
    this.#durableSeqs = new Map(
      [...keyspaces].map((keyspace): [number, number] => [keyspace.descriptor.id, keyspace.store.durableSeq]),
    )
    for (const { store } of keyspaces) store.beginReplay()
  }

  take(reader: WalReader): void {
    if (reader.type === LogRecordType.Commit) this.#takeCommit(reader)
    else if (reader.type === LogRecordType.Checkpoint) this.#takeCheckpoint(reader)
    else if (reader.type === LogRecordType.Catalog) this.#takeCatalog(reader)
    else throw this.#fault(reader.lsn, 'the log has a record of a type that no version writes', reader.type)
  }

  /** Checks what can be said when the whole log was read, and gives the result. */
  finish(endLsn: number): RecoveryResult {
    this.#applyRuns()
    const firstCommit = this.#firstCommit
    const checkpointSeq = this.#checkpointSeq ?? 0
    const seq = Math.max(this.#lastCommit ?? 0, checkpointSeq)
    if (this.#checkpointSeq === undefined && firstCommit !== 1) {
      throw this.#fault(endLsn, 'the log has lost its beginning: no checkpoint is in it', seq)
    }
    // A log whose cutting was broken off may begin behind what older checkpoints in it need: the newest one counts.
    if (firstCommit !== undefined && firstCommit > checkpointSeq + 1) {
      const message = 'a commit is missing in the log, behind its newest checkpoint'
      throw this.#fault(endLsn, message, firstCommit, checkpointSeq + 1)
    }
    if (seq < this.#catalog.seq) {
      throw this.#fault(endLsn, 'the log ends before a commit that the catalog knows', seq, this.#catalog.seq)
    }
    for (const { descriptor, store } of this.#keyspaces) {
      const durableSeq = this.#durableSeqs.get(descriptor.id) ?? 0
      if (durableSeq > seq) {
        const message = `the log ends before what keyspace ${descriptor.id} holds`
        throw this.#fault(endLsn, message, seq, durableSeq)
      }
      if (store.durableSeq < durableSeq) throw this.#fault(endLsn, 'a store has gone back', store.durableSeq)
    }
    for (const { store } of this.#keyspaces) store.endReplay(toSeq(seq))
    const catalogGeneration = this.#catalogGeneration
    return { seq, checkpointSeq, catalogGeneration, replayedCount: this.#replayedCount }
  }

  #takeCommit(reader: WalReader): void {
    const { seq, lsn } = reader
    const last = this.#lastCommit
    if (last !== undefined && seq !== last + 1) {
      throw this.#fault(lsn, 'a commit is missing in the log', seq, last + 1)
    }
    this.#lastCommit = seq
    this.#firstCommit ??= seq
    let replayed = false
    for (const section of decodeBatch(reader.payload, this.#directory, lsn)) {
      const keyspace = this.#keyspaces.byId(section.keyspaceId)
      if (keyspace === undefined) {
        // It was dropped later (K3), or never was.
        if (section.keyspaceId > 0 && section.keyspaceId < this.#catalog.nextKeyspaceId) continue
        throw this.#fault(lsn, 'a commit writes to a keyspace that never was', section.keyspaceId)
      }
      if (seq <= keyspace.descriptor.createdSeq) {
        throw this.#fault(lsn, 'a commit writes to a keyspace that was made later', section.keyspaceId)
      }
      if (seq <= (this.#durableSeqs.get(section.keyspaceId) ?? 0)) continue
      const run = this.#runOf(keyspace)
      if (!this.#hasRoom(run, section)) this.#applyRuns()
      this.#besideBytes -= run.besideBytes
      if (this.#hasRoom(run, section)) run.add(section, seq)
      else run.applyWhole(section, seq)
      this.#besideBytes += run.besideBytes
      replayed = true
    }
    if (replayed) this.#replayedCount++
  }

  #runOf(keyspace: KeyspaceStore): ReplayBatch {
    let run = this.#runs.get(keyspace)
    if (run === undefined) {
      run = new ReplayBatch(keyspace.store, this.#keyOrder, this.#memory, this.#expectedBytes)
      this.#runs.set(keyspace, run)
    }
    return run
  }

  #applyRuns(): void {
    for (const run of this.#runs.values()) run.apply()
    this.#besideBytes = 0
    this.#memory.begin(this.#runBytes)
  }

  /** Reports whether a section can be gathered within the memory that is allowed. */
  #hasRoom(run: ReplayBatch, section: BatchSection): boolean {
    const memory = this.#memory
    const chunkCount = run.chunksFor(section)
    const byteCount = memory.takenBytes + chunkCount * memory.chunkBytes + this.#besideBytes
    return chunkCount <= memory.room && byteCount <= this.#runBytes
  }

  #takeCheckpoint(reader: WalReader): void {
    const record = decodeCheckpointRecord(reader.payload, this.#directory)
    // Commits may have come while it was made: it stands behind its last commit, not next to it.
    const last = this.#lastCommit
    if (last !== undefined && record.seq > last) {
      throw this.#fault(reader.lsn, 'a checkpoint does not follow its last commit', record.seq, last)
    }
    this.#checkCatalog(record.catalogGeneration, reader.lsn)
    this.#checkStores(record, reader.lsn)
    this.#checkpointSeq = record.seq
  }

  #takeCatalog(reader: WalReader): void {
    this.#checkCatalog(decodeCatalogRecord(reader.payload, this.#directory), reader.lsn)
  }

  /** (R8) What the log says of keyspaces, their expiry for one, holds of that catalog and of later ones. */
  #checkCatalog(generation: number, lsn: number): void {
    const found = this.#catalog.generation
    if (found < generation) throw this.#fault(lsn, 'the catalog is older than the log', found, generation)
    this.#catalogGeneration = Math.max(this.#catalogGeneration, generation)
  }

  /** (R4) A store that is behind has lost a checkpoint that was durable. */
  #checkStores(record: CheckpointRecord, lsn: number): void {
    for (const [keyspaceId, recorded] of record.durableSeqs) {
      const durableSeq = this.#durableSeqs.get(keyspaceId)
      if (durableSeq === undefined) {
        if (keyspaceId > 0 && keyspaceId < this.#catalog.nextKeyspaceId) continue
        throw this.#fault(lsn, 'a checkpoint names a keyspace that never was', keyspaceId)
      }
      if (durableSeq < recorded) {
        const message = `keyspace ${keyspaceId} has lost its newest checkpoint`
        throw this.#fault(lsn, message, durableSeq, recorded)
      }
    }
  }

  #fault(lsn: number, message: string, actual: number, expected?: number): Error {
    return corruption(this.#directory, lsn, message, {
      actual,
      ...(expected === undefined ? {} : { expected }),
    })
  }
}

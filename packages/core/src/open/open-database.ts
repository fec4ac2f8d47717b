import { isLdbError, optionalMember } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import type { TransactionManager } from '@ldb/mvcc'
import type { PooledVfs, ScheduledTask, Scheduler, VfsLock } from '@ldb/vfs'
import type { BlobValues } from '../blob/blob-values.js'
import type { BackgroundCollection } from '../collection/background-collection.js'
import type { Catalog } from '../catalog/catalog.js'
import { AUTOMATIC_CHECKPOINT } from '../commit/checkpoint-options.js'
import { Checkpointer } from '../commit/checkpointer.js'
import type { CommitSinks } from '../commit/commit-sinks.js'
import { CommitPipeline } from '../commit/pipeline.js'
import type { StoreFactory } from '../engine/store-factory.js'
import type { EventHub } from '../health/events.js'
import { HandleLeases } from '../health/handle-leases.js'
import type { PinnedResource } from '../health/handle-leases.js'
import type { Health } from '../health/health.js'
import { LeakReporter } from '../health/leaks.js'
import type { HandleSentinel } from '../health/leaks.js'
import type { ResolvedDatabaseOptions } from '../health/options.js'
import type { KeyspaceTable } from '../keyspace/table.js'
import { BackgroundSync } from '../log/background-sync.js'
import { ChangeSignal } from '../log/change-signal.js'
import type { CheckpointTrigger } from '../log/checkpoint-trigger.js'
import type { CommitLog } from '../log/commit-log.js'
import type { ConsumerStats } from '../log/consumer-stats.js'
import { OpenReads } from '../read/open-reads.js'
import type { ReadGate } from '../resident/read-gate.js'
import type { SpaceBudget } from '../space/space-budget.js'
import type { Archiver } from '../archive/archiver.js'
import { CommitHolds } from '../archive/commit-holds.js'
import { CatalogWriter } from './catalog-writer.js'
import type { DirectoryEntrySync } from './directory-entry-sync.js'
import { ExpirySweep } from '../expiry/expiry-sweep.js'
import type { BackgroundRenewal } from '../maintenance/background-renewal.js'
import type { BackgroundScrub } from '../maintenance/background-scrub.js'
import { IdleCompaction } from '../maintenance/idle-compaction.js'
import { KeyspaceFiles } from './keyspace-files.js'
import { KeyspaceManager } from './keyspace-manager.js'
import { runAll } from './run-all.js'
import { isReplayShort } from '../recovery/short-log.js'
import { openCollection, openTransactions, openValueWriter } from './parts.js'
import { SlicedCheckpoint } from '../maintenance/sliced-checkpoint.js'
import type { StoreOpenings } from './store-opening.js'

/** The objects of a database that exist before its log is replayed. */
export interface OpenedStores {
  readonly health: Health
  readonly events: EventHub
  readonly trigger: CheckpointTrigger
  readonly gate: ReadGate
  readonly keyspaces: KeyspaceTable
  readonly engines: StoreFactory
  readonly openings: StoreOpenings
  /** The values in blob files; `undefined` for a memory-only database. */
  readonly blobs: BlobValues | undefined
  /** The layer that bounds the open files of the stores; `undefined` for a memory-only database. */
  readonly files: PooledVfs | undefined
  readonly directoryEntries: DirectoryEntrySync
  /** Log length in bytes up to which a close makes no checkpoint. */
  readonly closeLogBytes: number
}

/** The opened log, and the result of its replay. */
export interface ReplayedLog {
  readonly log: CommitLog
  /** Copies the commits of the log elsewhere; `undefined` when it is not archived. */
  readonly archive: Archiver | undefined
  /** Number of the newest commit. */
  readonly seq: number
  /** Number of the newest commit in the newest checkpoint. */
  readonly checkpointSeq: number
  /** The log has more segments than an open leaves. */
  readonly hasTooManySegments: boolean
}

/**
 * An open database: the owner of the log, the stores, the commit pipeline and the background work, from which the synchronous and the
 * asynchronous API take what they need.
 *
 * The constructor creates the objects in the order of their dependencies, and performs no I/O. `start` begins the background work.
 */
export class OpenDatabase {
  readonly options: ResolvedDatabaseOptions
  readonly health: Health
  readonly events: EventHub
  readonly gate: ReadGate
  readonly keyspaces: KeyspaceTable
  readonly engines: StoreFactory
  readonly files: PooledVfs | undefined
  readonly log: CommitLog
  /** Copies the commits of the log elsewhere; `undefined` when it is not archived. */
  readonly archive: Archiver | undefined
  readonly space: SpaceBudget
  /** The values in blob files; `undefined` for a memory-only database. */
  readonly blobs: BlobValues | undefined
  readonly changeSignal: ChangeSignal
  readonly backgroundSync: BackgroundSync
  readonly transactions: TransactionManager
  readonly checkpointer: Checkpointer
  readonly pipeline: CommitPipeline
  readonly slicedCheckpoint: SlicedCheckpoint
  readonly manager: KeyspaceManager
  /** The commits that the next backups may contain. */
  readonly commitHolds: CommitHolds = new CommitHolds()
  readonly openReads: OpenReads
  readonly openStreams: HandleLeases<PinnedResource>
  /** Collects the space of large values; `undefined` where there are none. */
  readonly collection: BackgroundCollection | undefined
  /** Verifies the database in the background; `undefined` without the option. */
  scrub: BackgroundScrub | undefined = undefined
  /** The named consumers of changes; set by the database. */
  consumers: { stats(newest: number): ConsumerStats[] } | undefined = undefined
  /** Renews data keys; `undefined` in a database that is not encrypted, or read-only. */
  renewal: BackgroundRenewal | undefined = undefined
  readonly #sweep: ExpirySweep
  readonly #idle: IdleCompaction
  readonly #lock: VfsLock
  readonly #closeLogBytes: number
  readonly #leaks: LeakReporter
  readonly #scheduler: Scheduler
  /** Waits for the collection of the API. */
  #watch: ScheduledTask | undefined = undefined

  constructor(
    options: ResolvedDatabaseOptions,
    lock: VfsLock,
    catalog: Catalog,
    stores: OpenedStores,
    { log, archive, seq, checkpointSeq }: ReplayedLog,
    space: SpaceBudget,
  ) {
    const { health, events, trigger, gate, keyspaces, engines, directoryEntries } = stores
    const { vfs, directory } = engines
    const { clock, scheduler } = vfs
    const values = openValueWriter(stores.blobs, keyspaces, options)
    const state = { health, log, keyspaces, space, values, scheduler }
    this.options = options
    this.#lock = lock
    this.#closeLogBytes = stores.closeLogBytes
    this.health = health
    this.events = events
    this.gate = gate
    this.keyspaces = keyspaces
    this.engines = engines
    this.files = stores.files
    this.log = log
    this.archive = archive
    this.space = space
    this.blobs = stores.blobs
    const changeSignal = new ChangeSignal()
    const backgroundSync = new BackgroundSync(health, log, vfs, options.syncIntervalMs)
    const leaks = new LeakReporter(events, clock, nameOf(directory, log), options)
    const transactions = openTransactions(keyspaces, seq, leaks, scheduler)
    const checkpointer = new Checkpointer(state, trigger, events, clock, checkpointSeq)
    const sinks: CommitSinks = { transactions, backgroundSync, changeSignal, checkpointer }
    this.changeSignal = changeSignal
    this.backgroundSync = backgroundSync
    this.transactions = transactions
    this.checkpointer = checkpointer
    this.pipeline = new CommitPipeline(state, sinks, gate, options.durability, seq)
    this.slicedCheckpoint = new SlicedCheckpoint(state, checkpointer, this.pipeline, gate, events, clock)
    this.pipeline.attach(this.slicedCheckpoint)
    const sweep = new ExpirySweep(state, this.pipeline, gate, vfs)
    this.#sweep = sweep
    this.collection = openCollection(state, this, trigger, vfs, options)
    this.pipeline.relief.collectWith(this.collection)
    this.pipeline.onCommit(() => {
      sweep.afterCommit()
      this.collection?.afterCommit()
    })
    this.#idle = new IdleCompaction(state, this.pipeline, this.slicedCheckpoint, changeSignal, scheduler)
    const writer = new CatalogWriter(catalog, vfs, directory, log, engines.keys?.data)
    const files = new KeyspaceFiles(engines, directoryEntries, options.logger)
    this.manager = new KeyspaceManager(
      state,
      writer,
      files,
      stores.openings,
      this.pipeline,
      sinks,
      { schedule: this.#scheduleBackground },
      options,
    )
    this.openReads = new OpenReads(leaks, scheduler)
    this.openStreams = new HandleLeases(leaks, scheduler)
    this.#leaks = leaks
    this.#scheduler = scheduler
  }

  /**
   * Begins the background work, and removes what a crash has left of dropped keyspaces.
   *
   * @param checkpointFirst - make a checkpoint first, so that the log gets shorter (R5).
   */
  start(checkpointFirst: boolean): void {
    const { changeSignal, space } = this
    if (!this.options.readOnly) this.blobs?.files?.removeUnfinished()
    const isShort = !this.options.readOnly && space.afterOpen()
    if (isShort || (checkpointFirst && space.permitsCheckpoint))
      this.checkpointer.run(this.pipeline, { ...AUTOMATIC_CHECKPOINT, force: checkpointFirst })
    this.backgroundSync.onFlushed(() => changeSignal.wake())
    this.#scheduleBackground()
    this.manager.removeLeftovers()
  }

  /** Schedules the work that the keyspaces may need while the database is open. */
  readonly #scheduleBackground = (): void => {
    this.#sweep.schedule()
    this.#idle.start()
  }

  /** Releases and reports the database when it was not closed before the sentinel is garbage-collected (S5). */
  releaseAfter(sentinel: HandleSentinel): void {
    const openedAtMs = this.#leaks.nowMs
    const stack = this.#leaks.captureStack()
    // The task keeps the database alive until then, and neither the sentinel nor any other object of the API.
    this.#watch = optionalMember(this.#scheduler, 'afterCollection')?.call(this.#scheduler, sentinel, () => {
      this.#releaseLeaked()
      this.#leaks.report({ kind: 'database', openedAtMs, stack })
    })
  }

  /** Closes the database without a checkpoint: the next open replays the log. Throws nothing, because it has no caller. */
  #releaseLeaked(): void {
    try {
      this.openReads.leakAll()
      this.openStreams.leakAll()
      this.transactions.leakAll()
      this.#close(() => {
        this.#saveLog()
        return false
      })
    } catch (error) {
      this.#leaks.reportFailure(error)
    }
  }

  /**
   * Poisons the database because its directory was moved or replaced (D8), unless the operation that found this does so itself. It
   * runs within that operation, and the listeners of the event afterwards.
   */
  noteLoss(error: LdbError): void {
    const { health } = this
    void Promise.resolve().then(() => {
      if (!health.poisoned && !health.closed) health.fail(error, false)
    })
  }

  /**
   * Closes the database (R6): ends open reads and transactions, checkpoints, records the end of the log, closes the files, and releases
   * the lock. Every step runs even if an earlier one fails.
   *
   * @throws the first error.
   */
  close(): void {
    this.#close(() => {
      if (this.health.poisoned) {
        this.#saveLog()
        return false
      }
      try {
        return this.#saveAll()
      } catch (error) {
        // What was acknowledged below `full` may still be in the buffer of the log.
        this.#saveLog()
        throw error
      }
    })
  }

  /** Checkpoints, unless the log is short. Returns true when the stores and the log contain all commits. */
  #saveAll(): boolean {
    this.checkpointer.finish()
    if (this.closesWithoutCheckpoint) {
      this.#lock.assertHeld()
      return true
    }
    this.checkpointer.run(this.pipeline, { ...AUTOMATIC_CHECKPOINT, effort: 'explicit' })
    // A compaction after the record of the checkpoint makes checkpoints of its own.
    if (!this.#areStoresRecorded)
      this.checkpointer.run(this.pipeline, { ...AUTOMATIC_CHECKPOINT, force: true })
    return this.#areStoresRecorded
  }

  /** (R6) After a clean close, the newest checkpoint record names the newest checkpoint of every store. */
  get #areStoresRecorded(): boolean {
    return [...this.keyspaces].every(({ isRecorded }) => isRecorded)
  }

  /** (R6) True when a close would leave the commits since the last checkpoint in the log. */
  get closesWithoutCheckpoint(): boolean {
    return this.#areStoresRecorded && isReplayShort(this, this.#closeLogBytes)
  }

  /** @param save - makes the commits durable, and reports whether the stores contain them all. */
  #close(save: () => boolean): void {
    this.#watch?.cancel()
    this.backgroundSync.close()
    this.#sweep.cancel()
    this.#idle.cancel()
    this.collection?.cancel()
    this.scrub?.cancel()
    this.renewal?.cancel()
    this.pipeline.drain()
    let clean = false
    const { health } = this
    runAll([
      (): void => {
        this.openReads.releaseAll()
        this.openStreams.releaseAll()
        this.commitHolds.close()
        this.transactions.close()
      },
      (): void => {
        if (!this.options.readOnly) clean = save()
      },
      (): void => {
        // A checkpoint that failed stays incomplete: the next open replays the log.
        this.checkpointer.abandon()
        health.close()
        this.changeSignal.wake()
      },
      ...[...this.keyspaces].map(({ openedStore }) => (): void => {
        openedStore?.close()
      }),
      (): void => this.engines.closeThreads(),
      (): void => {
        this.log.close(clean)
      },
      (): void => this.blobs?.close(),
      (): void => this.engines.cache.release(),
      (): void => this.#lock.release(),
    ])
  }

  /** Syncs commits that are buffered in the process. A log that has failed itself, which was reported, does not retry. */
  #saveLog(): void {
    try {
      this.log.sync()
    } catch (error) {
      if (!isLdbError(error)) throw error
    }
  }
}

/** Returns what messages call the database. */
function nameOf(directory: string, { isVolatile }: CommitLog): string {
  return isVolatile ? 'memory-only database' : `database at ${directory}`
}
